import type { SpanId } from '../span/ids.ts'
import { without } from '../span/json.ts'
import type { Span } from '../span/model.ts'
import { repaired, warned } from './change.ts'
import { compareSpans } from './order.ts'
import type { Repair } from './repair.ts'
import { withSpans } from './repair.ts'

const NAME = 'cycle'

/** A ring of parents is opened at its newest edge: the span of it that started last is the root. */
export const cycle: Repair = {
  name: NAME,
  apply: (trace) => {
    const cut = new Set(findRings(trace.spans).map(newest))
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

function newest(ring: readonly [Span, ...Span[]]): Span {
  return ring.reduce((last, span) => (compareAge(last, span) < 0 ? span : last))
}

function compareAge(a: Span, b: Span): number {
  return (a.startUs ?? 0) - (b.startUs ?? 0) || compareSpans(a, b)
}
