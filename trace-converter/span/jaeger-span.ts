import { textAttribute } from './attribute.ts'
import type { ErrorRule } from './convention.ts'
import { conventionTags, takeConventions } from './convention.ts'
import type { SpanId, TraceId } from './ids.ts'
import { lowHalf, isShort, parseTraceId } from './ids.ts'
import { localTags, remoteTags, takeLocal, takeRemote } from './jaeger-endpoint.ts'
import type { JaegerLog, JaegerParts, JaegerReference } from './jaeger-parts.ts'
import { DEBUG, SAMPLED } from './jaeger-parts.ts'
import type { Faults } from './json.ts'
import { present } from './json.ts'
import type { Attribute, AttributeValue, Provenance, Span, SpanEvent } from './model.ts'
import type { SpanKind, SpanLink, SpanStatus } from './model.ts'
import { TagBag, textOf } from './tag-bag.ts'
import { readIds, readParentId, storedTraceId } from './wire-ids.ts'

const KINDS: ReadonlySet<string> = new Set<SpanKind>([
  ...(['client', 'server', 'producer', 'consumer', 'internal'] as const),
])

/** Jaeger: `error` is a bool; any text but `false` counts too. */
const ERROR_RULE: ErrorRule = {
  derive: (tag) => {
    if (tag === undefined || tag.value === false || tag.value === 'false') return undefined
    const message = textOf(tag)
    return present<SpanStatus>({ code: 'error', message: message === 'true' ? undefined : message })
  },
  write: () => ({ type: 'bool', value: true }),
}

/** Does not restore carried fields. undefined, with the reason in `faults`, when an id is bad. */
export function spanOfParts(
  parts: JaegerParts,
  provenance: Provenance,
  faults: Faults,
): Span | undefined {
  const ids = readIds({ ...parts }, 'traceId', 'spanId', faults)
  if (ids === undefined) return undefined
  const tags = new TagBag(parts.tags)
  const process = new TagBag(parts.processTags)
  const parentage = readReferences(parts, ids.traceId, faults)
  const { scope, tracestate, status } = takeConventions(tags, ERROR_RULE)
  const kind = tags.take('span.kind', kindOf)
  const remote = takeRemote(tags)
  const local = takeLocal(parts.serviceName || undefined, process)
  return present<Span>({
    ...ids,
    ...parentage,
    kind,
    shared: undefined,
    debug: (parts.flags & DEBUG) !== 0 ? true : undefined,
    name: parts.operationName || undefined,
    startUs: parts.startUs > 0 ? parts.startUs : undefined,
    durationUs: parts.durationUs,
    startNs: undefined,
    durationNs: undefined,
    local,
    process: process.rest,
    remote,
    tags: tags.rest,
    events: parts.logs.map(readLog),
    status,
    tracestate,
    flags: isUsual(parts.flags) ? undefined : parts.flags,
    scope,
    warnings: parts.warnings,
    provenance,
  })
}

/** `carried`: further tags, for what Jaeger lacks. */
export function partsOfSpan(span: Span, carried: readonly Attribute[]): JaegerParts {
  const kind = span.kind && textAttribute('span.kind', span.kind)
  const known = [...span.tags, ...(kind ? [kind] : []), ...conventionTags(span, ERROR_RULE)]
  const traceId = jaegerTraceId(span)
  return present<JaegerParts>({
    traceId,
    spanId: span.id,
    parentSpanId: span.parentId,
    references: writeReferences(span, traceId),
    flags: writeFlags(span),
    operationName: span.name ?? '',
    startUs: span.startUs ?? 0,
    durationUs: span.durationUs ?? 0,
    tags: [...known, ...remoteTags(span.remote, span.tags), ...carried],
    logs: span.events.map(writeLog),
    serviceName: span.local.service ?? '',
    processTags: [...span.process, ...localTags(span.local, span.process)],
    warnings: span.warnings,
  })
}

/** The trace's id as its spans' documents write it: 16 digits where the high half is zero. */
function jaegerTraceId(span: Span): string {
  return storedTraceId(span.traceId, span.traceIdWidth, 1)
}

function kindOf(value: AttributeValue): SpanKind | undefined {
  const text = textOf(value)
  return text !== undefined && KINDS.has(text) ? (text as SpanKind) : undefined
}

/** Sampled, with debug or without: what a stored span is expected to be. */
function isUsual(flags: number): boolean {
  return flags === SAMPLED || flags === (SAMPLED | DEBUG)
}

function writeFlags({ flags, debug, provenance }: Span): number {
  const debugBit = debug === true ? DEBUG : 0
  if (flags === undefined) return SAMPLED | debugBit
  // OTLP's flags are the W3C's: their second bit says "random", not "debug".
  return provenance.format === 'otlp' ? (flags & SAMPLED) | debugBit : flags
}

function readReferences(
  parts: JaegerParts,
  traceId: TraceId,
  faults: Faults,
): Pick<Span, 'links'> & { parentId: SpanId | undefined } {
  const links = parts.references.flatMap((reference) => readReference(reference, faults))
  const inTrace = (link: SpanLink): boolean => sameTrace(link.traceId, traceId)
  const parent = links.find((link) => link.kind === 'child-of' && inTrace(link))
  if (parent !== undefined) {
    return { parentId: parent.spanId, links: links.filter((link) => link !== parent) }
  }
  const written = readParentId(parts.parentSpanId, 'parentSpanId', faults)
  return { parentId: written ?? links.find(inTrace)?.spanId, links }
}

/** One side may know only the right half of the id (jaegertracing/jaeger#3084). */
function sameTrace(a: TraceId, b: TraceId): boolean {
  return a === b || ((isShort(a) || isShort(b)) && lowHalf(a) === lowHalf(b))
}

function readReference(reference: JaegerReference, faults: Faults): SpanLink[] {
  const traceId = parseTraceId(reference.traceID)
  const spanId = readParentId(reference.spanID, 'reference.spanID', faults)
  if (spanId === undefined) return []
  if (traceId === undefined) {
    faults.push('a reference without a trace id was left out')
    return []
  }
  const kind = reference.refType === 'FOLLOWS_FROM' ? 'follows-from' : 'child-of'
  return [{ traceId, spanId, kind, attributes: [] }]
}

/** A parent that a FOLLOWS_FROM names is not named again as CHILD_OF. */
function writeReferences(span: Span, traceId: string): readonly JaegerReference[] {
  const { parentId, links } = span
  const follows = links.some(
    (link) =>
      link.kind === 'follows-from' && link.spanId === parentId && link.traceId === span.traceId,
  )
  const written = links.map((link): JaegerReference => ({
    refType: link.kind === 'child-of' ? 'CHILD_OF' : 'FOLLOWS_FROM',
    traceID: link.traceId === span.traceId ? traceId : link.traceId,
    spanID: link.spanId,
  }))
  if (parentId === undefined || follows) return written
  return [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentId }, ...written]
}

function readLog({ timeUs, fields }: JaegerLog): SpanEvent {
  const bag = new TagBag(fields)
  const name = bag.take('event', textOf)
  return present<SpanEvent>({ timeUs, timeNs: undefined, name, fields: bag.rest })
}

function writeLog({ timeUs, name, fields }: SpanEvent): JaegerLog {
  const event = name === undefined ? [] : [textAttribute('event', name)]
  return { timeUs, fields: [...event, ...fields] }
}
