import { attributeText, textAttribute } from './attribute.ts'
import { canonicalJson } from './canonical.ts'
import { restore, writeWhole } from './carry.ts'
import { conventionTags, takeConventions } from './convention.ts'
import type { DecodeOptions, Decoded } from './decoded.ts'
import { decodeEach, notOfFormat } from './decoded.ts'
import type { Faults, Json } from './json.ts'
import {
  present,
  readCount,
  readFlag,
  readList,
  readPositive,
  readRecord,
  readSpanRecord,
  readText,
} from './json.ts'
import type { Attribute, Endpoint, Provenance, Span, SpanEvent, SpanKind } from './model.ts'
import { TagBag } from './tag-bag.ts'
import { readIds, readParentId, storedTraceId } from './wire-ids.ts'
import type { ZipkinEndpoint, ZipkinSpan } from './zipkin-wire.ts'
import { ZIPKIN_ERROR_RULE, ZIPKIN_KINDS, ZIPKIN_WORDS } from './zipkin-wire.ts'

/**
 * Reads a list of Zipkin v2 spans, or a list of such lists (an answer of `/api/v2/traces`).
 * A bad span is a problem, not an exception, and costs no other span.
 */
export function decodeZipkinSpans(json: unknown, options: DecodeOptions): Decoded {
  if (!Array.isArray(json)) return notOfFormat('not a list of Zipkin spans')
  const provenance: Provenance = { stores: [options.store], format: 'zipkin-v2', repairs: [] }
  return decodeEach(json.flat(1) as unknown[], (item, faults) => {
    const record = readSpanRecord(item, faults)
    const span = record && readSpan(record, provenance, faults)
    return span && restore(span)
  })
}

/** What Zipkin cannot say is in `isthmus.*` tags; decoding gives the same span back. */
export function encodeZipkinSpan(span: Span): ZipkinSpan {
  return writeWhole(
    span,
    (carried) => writeSpan(span, carried),
    (wire) => readSpan({ ...wire }, span.provenance, []),
  )
}

function readSpan(json: Json, provenance: Provenance, faults: Faults): Span | undefined {
  const ids = readIds(json, 'traceId', 'id', faults)
  if (ids === undefined) return undefined
  const bag = new TagBag(readTags(json['tags'], faults))
  const { scope, tracestate, status } = takeConventions(bag, ZIPKIN_ERROR_RULE)
  return present<Span>({
    ...ids,
    parentId: readParentId(json['parentId'], 'parentId', faults),
    kind: readKind(json['kind'], bag, faults),
    shared: readFlag(json['shared'], 'shared', faults),
    debug: readFlag(json['debug'], 'debug', faults),
    name: readText(json['name'], 'name', faults),
    startUs: readPositive(json['timestamp'], 'timestamp', faults),
    durationUs: readPositive(json['duration'], 'duration', faults),
    startNs: undefined,
    durationNs: undefined,
    local: readEndpoint(json['localEndpoint'], 'localEndpoint', faults) ?? {},
    process: [],
    remote: readEndpoint(json['remoteEndpoint'], 'remoteEndpoint', faults),
    tags: bag.rest,
    events: readList(json['annotations'], 'annotations', faults).flatMap(readEvent(faults)),
    links: [],
    status,
    tracestate,
    flags: undefined,
    scope,
    warnings: [],
    provenance,
  })
}

/** Zipkin has no word for `internal`; OpenTelemetry's exporters write this tag. */
function readKind(value: unknown, bag: TagBag, faults: Faults): SpanKind | undefined {
  const word = readText(value, 'kind', faults)
  if (word === undefined) {
    return bag.take('span.kind', (tag) => (tag.value === 'internal' ? 'internal' : undefined))
  }
  const kind = Object.hasOwn(ZIPKIN_KINDS, word) ? ZIPKIN_KINDS[word] : undefined
  if (kind === undefined) faults.push('kind is none of CLIENT, SERVER, PRODUCER, CONSUMER')
  return kind
}

function readEndpoint(value: unknown, field: string, faults: Faults): Endpoint | undefined {
  const json = readRecord(value)
  if (json === undefined) {
    if (value !== undefined && value !== null) faults.push(`${field} is not an object`)
    return undefined
  }
  const endpoint = present<Endpoint>({
    service: readText(json['serviceName'], `${field}.serviceName`, faults),
    ipv4: readText(json['ipv4'], `${field}.ipv4`, faults),
    ipv6: readText(json['ipv6'], `${field}.ipv6`, faults),
    port: readPositive(json['port'], `${field}.port`, faults),
  })
  return Object.keys(endpoint).length === 0 ? undefined : endpoint
}

function readTags(value: unknown, faults: Faults): readonly Attribute[] {
  const json = readRecord(value)
  if (json === undefined && value !== undefined && value !== null) {
    faults.push('tags is not an object')
  }
  return Object.entries(json ?? {}).map(([key, tag]) => {
    if (typeof tag === 'string') return textAttribute(key, tag)
    faults.push(`tags.${key} is not a text; it was kept as JSON text`)
    return textAttribute(key, canonicalJson(tag))
  })
}

function readEvent(faults: Faults): (value: unknown) => SpanEvent[] {
  return (value) => {
    const json = readRecord(value)
    const timeUs = readCount(json?.['timestamp'], 'annotation.timestamp', faults)
    const name = readText(json?.['value'], 'annotation.value', faults)
    if (timeUs !== undefined)
      return [present<SpanEvent>({ timeUs, timeNs: undefined, name, fields: [] })]
    faults.push('an annotation without a timestamp was left out')
    return []
  }
}

function writeSpan(span: Span, carried: readonly Attribute[]): ZipkinSpan {
  const { kind, startUs, durationUs } = span
  return present<ZipkinSpan>({
    traceId: storedTraceId(span.traceId, span.traceIdWidth > 16 ? 32 : 16, 16),
    parentId: span.parentId,
    id: span.id,
    kind: kind && ZIPKIN_WORDS[kind],
    name: span.name,
    timestamp: startUs !== undefined && startUs > 0 ? startUs : undefined,
    // Zipkin's shortest: 0 would read as "unfinished".
    duration: durationUs === undefined ? undefined : Math.max(1, durationUs),
    localEndpoint: writeEndpoint(span.local),
    remoteEndpoint: span.remote && writeEndpoint(span.remote),
    annotations: span.events.length === 0 ? undefined : span.events.map(writeEvent),
    tags: writeTags(span, carried),
    shared: span.shared,
    debug: span.debug,
  })
}

function writeEndpoint(endpoint: Endpoint): ZipkinEndpoint | undefined {
  const { service, ipv4, ipv6, port } = endpoint
  const json = present<ZipkinEndpoint>({ serviceName: service, ipv4, ipv6, port })
  return Object.keys(json).length === 0 ? undefined : json
}

function writeTags(
  span: Span,
  carried: readonly Attribute[],
): Readonly<Record<string, string>> | undefined {
  // `error: false` would read as an error here.
  const noError = span.status?.code !== 'error'
  const tags = noError ? span.tags.filter((tag) => tag.key !== 'error') : span.tags
  const kind = span.kind === 'internal' ? [textAttribute('span.kind', 'internal')] : []
  const all = [...tags, ...kind, ...conventionTags(span, ZIPKIN_ERROR_RULE), ...span.process]
  // One value a key: the first. The others are carried.
  const texts = new Map<string, string>()
  for (const { key, value } of all) if (!texts.has(key)) texts.set(key, attributeText(value))
  for (const { key, value } of carried) texts.set(key, attributeText(value))
  return texts.size === 0 ? undefined : Object.fromEntries(texts)
}

/** A value that Zipkin's pages can show: the name alone, else every field as JSON. */
function writeEvent(event: SpanEvent): { timestamp: number; value: string } {
  const { timeUs, name, fields } = event
  if (fields.length === 0) return { timestamp: timeUs, value: name ?? '' }
  const all = name === undefined ? fields : [textAttribute('event', name), ...fields]
  return { timestamp: timeUs, value: attributeText({ type: 'map', value: all }) }
}
