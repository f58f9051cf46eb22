import { without } from '../span/json.ts'
import { repaired, warned } from './change.ts'
import type { Repair } from './repair.ts'
import { withSpans } from './repair.ts'

const NAME = 'bad-parent'

/** A span that names itself as its parent has none. (A parent of zeros is none in every codec.) */
export const badParent: Repair = {
  name: NAME,
  apply: (trace) => {
    const bad = trace.spans.filter((span) => span.parentId === span.id)
    const spans = trace.spans.map((span) => {
      if (span.parentId !== span.id) return span
      const root = warned(without(span, 'parentId'), 'it was its own parent')
      return repaired(NAME, root, [span])
    })
    const notes = bad.map(({ id }) => ({
      repair: NAME,
      level: 'warning' as const,
      message: 'a span was its own parent',
      spanId: id,
    }))
    return withSpans(trace, spans, notes)
  },
}
