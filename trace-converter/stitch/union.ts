import { sortTexts } from './order.ts'
import type { Repair } from './repair.ts'

/** Says which stores the chain was put together from: a parent may be in any of them. */
export const union: Repair = {
  name: 'union',
  apply: (trace) => {
    const stores = sortTexts(trace.spans.flatMap((span) => span.provenance.stores))
    const message = `put together from ${stores.join(' and ')}`
    const notes = [{ repair: 'union', level: 'info', message } as const]
    return { trace, notes: stores.length > 1 ? notes : [] }
  },
}
