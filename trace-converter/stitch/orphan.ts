import type { Repair } from './repair.ts'

/** Says which parents are in no store. The parent stays named: it may still come. */
export const orphan: Repair = {
  name: 'orphan',
  apply: (trace) => {
    const ids = new Set(trace.spans.map((span) => span.id))
    const notes = trace.spans.flatMap(({ id, parentId }) => {
      if (parentId === undefined || ids.has(parentId)) return []
      const message = `the parent ${parentId} is in no store`
      return [{ repair: 'orphan', level: 'warning', message, spanId: id } as const]
    })
    return { trace, notes }
  },
}
