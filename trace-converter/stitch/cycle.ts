import type { SpanId } from '../span/ids.ts'
import { without } from '../span/json.ts'
import type { Span } from '../span/model.ts'
import { repaired, warned } from './change.ts'
import { compareSpans } from './order.ts'
import type { Repair } from './repair.ts'
import { withSpans } from './repair.ts'

const NAME = 'cycle'

/**
 * A ring of parents is opened at its newest edge, the one whose parent started last: a parent
 * starts before its child, so of all edges of the ring that one is the least likely.
 */
export const cycle: Repair = {
  name: NAME,
  apply: (trace) => {
    const cut = new Set(findRings(trace.spans).map(newestEdge))
    const spans = trace.spans.map((span) => {
      if (!cut.has(span)) return span
      const message = `its parent ${String(span.parentId)} was below it`
      return repaired(NAME, warned(without(span, 'parentId'), message), [span])
    })
    const notes = [...cut].map(({ id }) => ({
      repair: NAME,
      level: 'warning' as const,
      message: 'spans were parents of each other; the newest edge was cut',
      spanId: id,
    }))
    return withSpans(trace, spans, notes)
  },
}

/** Each span has one parent, so rings have no span in common. */
function findRings(spans: readonly Span[]): readonly (readonly [Span, ...Span[]])[] {
  const byId = new Map<SpanId, Span>(spans.map((span) => [span.id, span]))
  const seen = new Set<Span>()
  const rings: [Span, ...Span[]][] = []
  for (const start of spans) {
    const path: Span[] = []
    let span: Span | undefined = start
    while (span !== undefined && !seen.has(span)) {
      seen.add(span)
      path.push(span)
      span = span.parentId === undefined ? undefined : byId.get(span.parentId)
    }
    const at = span === undefined ? -1 : path.indexOf(span)
    if (span !== undefined && at >= 0) rings.push([span, ...path.slice(at + 1)])
  }
  return rings
}

/** The span whose parent is the newest of the ring. */
function newestEdge(ring: readonly [Span, ...Span[]]): Span {
  const newest = ring.reduce((last, span) => (compareAge(last, span) < 0 ? span : last))
  return ring.find((span) => span.parentId === newest.id) ?? newest
}

function compareAge(a: Span, b: Span): number {
  return (a.startUs ?? 0) - (b.startUs ?? 0) || compareSpans(a, b)
}
