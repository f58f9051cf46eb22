import { canonicalJson } from './canonical.ts'
import { restore, writeWhole } from './carry.ts'
import type { DecodeOptions, Decoded } from './decoded.ts'
import { decodeEach, notOfFormat } from './decoded.ts'
import type { Faults, Json } from './json.ts'
import { present, readRecord, readSpanRecord, readText } from './json.ts'
import type { Attribute, Provenance, Scope, Span } from './model.ts'
import { resourceAttributes, takeResource } from './otlp-endpoint.ts'
import type { OtlpContext } from './otlp-read.ts'
import { readOtlpSpan } from './otlp-read.ts'
import type { OtlpAttribute } from './otlp-value.ts'
import { readOtlpAttributes, writeOtlpAttribute } from './otlp-value.ts'
import type { OtlpResourceSpans, OtlpScope, OtlpSpan, OtlpTraces } from './otlp-wire.ts'
import { writeOtlpSpan } from './otlp-write.ts'
import { TagBag } from './tag-bag.ts'

interface Item {
  readonly span: unknown
  readonly resource: unknown
  readonly scope: unknown
}

/**
 * Reads OTLP traces in protobuf JSON (`{resourceSpans: […]}`). `index` of a problem counts spans
 * over all resources.
 */
export function decodeOtlpSpans(json: unknown, options: DecodeOptions): Decoded {
  const resources = readRecord(json)?.['resourceSpans']
  if (!Array.isArray(resources)) return notOfFormat('no resourceSpans')
  const provenance: Provenance = { stores: [options.store], format: 'otlp', repairs: [] }
  return decodeEach(resources.flatMap(itemsOf), (item, faults) => {
    const span = readSpanRecord(item.span, faults)
    const read = span && readOtlpSpan(span, readContext(item, provenance, faults), faults)
    return read && restore(read)
  })
}

/** Spans of one resource and scope stand together, in the order of their first. */
export function encodeOtlpSpans(spans: readonly Span[]): OtlpTraces {
  const resources = grouped(spans, (span) => canonicalJson(resourceOf(span)))
  return { resourceSpans: resources.map(writeResource) }
}

function writeResource(spans: readonly Span[]): OtlpResourceSpans {
  const attributes = spans.slice(0, 1).flatMap(resourceOf)
  const scopes = grouped(spans, (span) => canonicalJson(writeScope(span.scope)))
  return {
    resource: { attributes },
    scopeSpans: scopes.map((members) => ({
      scope: writeScope(members[0]?.scope),
      spans: members.map(writeSpan),
    })),
  }
}

function writeSpan(span: Span): OtlpSpan {
  const context = contextOf(resourceOf(span), writeScope(span.scope), span.provenance, [])
  return writeWhole(
    span,
    (carried) => writeOtlpSpan(span, carried),
    (wire) => readOtlpSpan({ ...wire }, context, []),
  )
}

function resourceOf(span: Span): readonly OtlpAttribute[] {
  return resourceAttributes(span.local, span.process).map(writeOtlpAttribute)
}

function writeScope(scope: Scope | undefined): OtlpScope {
  const attributes: readonly Attribute[] = scope?.attributes ?? []
  return present<OtlpScope>({
    name: scope?.name,
    version: scope?.version,
    attributes: attributes.length === 0 ? undefined : attributes.map(writeOtlpAttribute),
  })
}

function itemsOf(resource: unknown): Item[] {
  const json = readRecord(resource)
  // `instrumentationLibrarySpans` is what it was called before OTLP 0.19.
  const scopes = json?.['scopeSpans'] ?? json?.['instrumentationLibrarySpans']
  if (!Array.isArray(scopes)) return []
  return scopes.flatMap((scoped: unknown) => {
    const group = readRecord(scoped)
    const spans = group?.['spans']
    const scope = group?.['scope'] ?? group?.['instrumentationLibrary']
    if (!Array.isArray(spans)) return []
    return spans.map((span: unknown) => ({ span, resource: json?.['resource'], scope }))
  })
}

function readContext(item: Item, provenance: Provenance, faults: Faults): OtlpContext {
  const resource = readSpanRecord(item.resource ?? {}, faults)
  const scope = readSpanRecord(item.scope ?? {}, faults)
  return contextOf(resource?.['attributes'], scope, provenance, faults)
}

function contextOf(
  resource: unknown,
  scope: unknown,
  provenance: Provenance,
  faults: Faults,
): OtlpContext {
  const bag = new TagBag(readOtlpAttributes(resource, 'resource', faults))
  const local = takeResource(bag)
  return { local, process: bag.rest, scope: readScope(readRecord(scope), faults), provenance }
}

function readScope(json: Json | undefined, faults: Faults): Scope | undefined {
  const name = readText(json?.['name'], 'scope.name', faults)
  const version = readText(json?.['version'], 'scope.version', faults)
  const attributes = readOtlpAttributes(json?.['attributes'], 'scope.attributes', faults)
  const said = name !== undefined || version !== undefined || attributes.length > 0
  return said ? present<Scope>({ name, version, attributes }) : undefined
}

function grouped(spans: readonly Span[], keyOf: (span: Span) => string): readonly Span[][] {
  const groups = new Map<string, Span[]>()
  for (const span of spans) {
    const key = keyOf(span)
    const group = groups.get(key)
    if (group) group.push(span)
    else groups.set(key, [span])
  }
  return [...groups.values()]
}
