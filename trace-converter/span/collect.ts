import { canonicalJson } from './canonical.ts'
import type { TraceId } from './ids.ts'
import type { Span, Trace } from './model.ts'

/** Spans by the id of their trace, in the order in which they came. */
export function byTrace(spans: readonly Span[]): ReadonlyMap<TraceId, readonly Span[]> {
  const groups = new Map<TraceId, Span[]>()
  for (const span of spans) {
    const group = groups.get(span.traceId)
    if (group) group.push(span)
    else groups.set(span.traceId, [span])
  }
  return groups
}

/** A trace as stored, nothing stitched. */
export function rawTrace(traceId: TraceId, spans: readonly Span[]): Trace {
  return { traceId, spans, aliases: [], notes: [] }
}

/** `more` without what is in `spans`, or earlier in `more`, byte for byte. */
export function newSpans(spans: readonly Span[], more: readonly Span[]): readonly Span[] {
  const known = new Set(spans.map((span) => canonicalJson(span)))
  return more.filter((span) => {
    const text = canonicalJson(span)
    if (known.has(text)) return false
    known.add(text)
    return true
  })
}
