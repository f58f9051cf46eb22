import type { Faults, Json } from './json.ts'
import { present, readCount, readList, readRecord, readText } from './json.ts'
import { parseSpanId, parseTraceId } from './ids.ts'
import type { Attribute, Endpoint, Scope, Span, SpanEvent, SpanLink, SpanStatus } from './model.ts'
import { readNanos, splitNanos } from './nanos.ts'
import { takePeer } from './otlp-endpoint.ts'
import { readOtlpAttributes } from './otlp-value.ts'
import { OTLP_KINDS, OTLP_STATUS_CODES, wordOf } from './otlp-wire.ts'
import { TagBag } from './tag-bag.ts'
import { readIds, readParentId } from './wire-ids.ts'

/** What a span shares with its neighbours in OTLP. */
export interface OtlpContext {
  readonly local: Endpoint
  readonly process: readonly Attribute[]
  readonly scope: Scope | undefined
  readonly provenance: Span['provenance']
}

/** Counts of what the sender dropped, under the names that OpenTelemetry fixed for tags. */
export const DROPPED_COUNTS = {
  droppedAttributesCount: 'otel.dropped_attributes_count',
  droppedEventsCount: 'otel.dropped_events_count',
  droppedLinksCount: 'otel.dropped_links_count',
} as const

/** undefined, with the reason in `faults`, when an id is bad. */
export function readOtlpSpan(json: Json, context: OtlpContext, faults: Faults): Span | undefined {
  const ids = readIds(json, 'traceId', 'spanId', faults)
  if (ids === undefined) return undefined
  const bag = new TagBag(readOtlpAttributes(json['attributes'], 'attributes', faults))
  const remote = takePeer(bag)
  return present<Span>({
    ...ids,
    ...context,
    ...readTimes(json, faults),
    parentId: readParentId(json['parentSpanId'], 'parentSpanId', faults),
    kind: wordOf(OTLP_KINDS, 'SPAN_KIND_', json['kind'], faults),
    shared: undefined,
    debug: undefined,
    name: readText(json['name'], 'name', faults),
    remote,
    tags: [...bag.rest, ...readDropped(json, faults)],
    events: readList(json['events'], 'events', faults).flatMap((item) => readEvent(item, faults)),
    links: readList(json['links'], 'links', faults).flatMap((item) => readLink(item, faults)),
    status: readStatus(json['status'], faults),
    tracestate: readText(json['traceState'], 'traceState', faults),
    flags: readCount(json['flags'], 'flags', faults),
    warnings: [],
  })
}

function readTimes(
  json: Json,
  faults: Faults,
): Record<'startUs' | 'startNs' | 'durationUs' | 'durationNs', number | undefined> {
  const start = readNanos(json['startTimeUnixNano'], 'startTimeUnixNano', faults)
  const end = readNanos(json['endTimeUnixNano'], 'endTimeUnixNano', faults)
  const started = start === undefined ? undefined : splitNanos(start)
  const ended = start !== undefined && end !== undefined
  if (ended && end < start) faults.push('it ends before it starts; the length was left out')
  const length = ended && end >= start ? splitNanos(end - start) : undefined
  return {
    startUs: started?.us,
    startNs: started?.ns,
    durationUs: length?.us,
    durationNs: length?.ns,
  }
}

function readDropped(json: Json, faults: Faults): Attribute[] {
  return Object.entries(DROPPED_COUNTS).flatMap(([field, key]): Attribute[] => {
    const value = readCount(json[field], field, faults) ?? 0
    return value === 0 ? [] : [{ key, value: { type: 'int64', value } }]
  })
}

function readEvent(value: unknown, faults: Faults): SpanEvent[] {
  const json = readRecord(value)
  if (json === undefined) {
    faults.push('an event that is no object was left out')
    return []
  }
  const time = splitNanos(readNanos(json['timeUnixNano'], 'event.timeUnixNano', faults) ?? 0n)
  const event = present<SpanEvent>({
    timeUs: time.us,
    timeNs: time.ns,
    name: readText(json['name'], 'event.name', faults),
    fields: readOtlpAttributes(json['attributes'], 'event.attributes', faults),
  })
  return [event]
}

function readLink(value: unknown, faults: Faults): SpanLink[] {
  const json = readRecord(value) ?? {}
  const traceId = parseTraceId(String(json['traceId']))
  const spanId = parseSpanId(String(json['spanId']))
  if (traceId === undefined || spanId === undefined) {
    faults.push('a link without ids was left out')
    return []
  }
  const bag = new TagBag(readOtlpAttributes(json['attributes'], 'link.attributes', faults))
  const kind =
    bag.take('opentracing.ref_type', ({ value: type }) => {
      if (type === 'child_of') return 'child-of'
      return type === 'follows_from' ? 'follows-from' : undefined
    }) ?? 'link'
  const tracestate = readText(json['traceState'], 'link.traceState', faults)
  return [present<SpanLink>({ traceId, spanId, kind, tracestate, attributes: bag.rest })]
}

/** `{}` says nothing; a code of 0 that is written out says "unset". */
function readStatus(value: unknown, faults: Faults): SpanStatus | undefined {
  const json = readRecord(value) ?? {}
  const message = readText(json['message'], 'status.message', faults)
  const code = wordOf(OTLP_STATUS_CODES, 'STATUS_CODE_', json['code'], faults)
  if (code !== undefined) return present<SpanStatus>({ code, message })
  return message === undefined ? undefined : { code: 'unset', message }
}
