import { byTrace } from './collect.ts'
import type { SpanId } from './ids.ts'
import type { Span } from './model.ts'

/** By which end a trace takes part in an edge to another trace. */
export type SpanEnd = 'holds' | 'misses'

/**
 * What stored spans offer to other traces and what they look for there, ids that repeat by chance
 * left out: span ids that they hold, and those that they name as parents and do not hold.
 */
export type SpanEnds = Readonly<Record<SpanEnd, ReadonlySet<SpanId>>>

/** Span ids below this come from counters and short random numbers: they repeat by chance. */
const SMALLEST_RANDOM_ID = '0000000100000000'

export function isRandomId(id: SpanId): boolean {
  return id >= SMALLEST_RANDOM_ID
}

/**
 * Of a stitched span those count that it was made of, each in the trace in which it was stored:
 * what a trace misses does not depend on what has been found for it since.
 */
export function endsOf(spans: readonly Span[]): SpanEnds {
  const holds = new Set<SpanId>()
  const misses = new Set<SpanId>()
  for (const group of byTrace(storedSpans(spans)).values()) {
    const own = new Set(group.map(({ id }) => id))
    for (const span of group) {
      const missed = missedBy(span, own)
      if (isRandomId(span.id)) holds.add(span.id)
      if (missed !== undefined && isRandomId(missed)) misses.add(missed)
    }
  }
  return { holds, misses }
}

/** What stitched spans were made of; spans that were not stitched are that themselves. */
export function storedSpans(spans: readonly Span[]): readonly Span[] {
  return spans.flatMap((span) => span.provenance.originals ?? [span])
}

/** A span that shares the id of its client, and names no parent, looks for that client. */
function missedBy({ id, parentId, shared }: Span, own: ReadonlySet<SpanId>): SpanId | undefined {
  if (parentId === undefined) return shared === true ? id : undefined
  return own.has(parentId) ? undefined : parentId
}
