import type { Span, Trace } from '../span/model.ts'
import { badParent } from './bad-parent.ts'
import { bothStores } from './both-stores.ts'
import { cycle } from './cycle.ts'
import { gatewaySpan } from './gateway-span.ts'
import { groupByEvidence } from './group.ts'
import type { StitchOptions } from './options.ts'
import { DEFAULT_STITCH_OPTIONS } from './options.ts'
import { orphan } from './orphan.ts'
import { sortNotes, sortSpans, sortTraces } from './order.ts'
import { pieces } from './pieces.ts'
import type { Repair } from './repair.ts'
import { sharedFlag } from './shared-flag.ts'
import { sharedId } from './shared-id.ts'
import { traceId } from './trace-id.ts'
import { union } from './union.ts'
import { asStored } from './unstitch.ts'

/**
 * The repairs in their order. Each relies on those before it:
 * - union: says what came from where, before anything is changed
 * - trace-id: from here on spans are told apart by span id alone
 * - bad-parent: a span that names itself would look like a shared id
 * - pieces: a span must be whole before it is compared with another
 * - both-stores: one span must be there once before those that share its id are counted
 * - shared-flag: who shares an id is decided before ids are given anew
 * - shared-id: from here on every span has an id of its own
 * - cycle: edges are final now; what follows walks them
 * - gateway-span: looks for spans that nobody answered and answers that nobody asked for
 * - orphan: says what is still missing
 */
const REPAIRS: readonly Repair[] = [
  union,
  traceId,
  badParent,
  pieces,
  bothStores,
  sharedFlag,
  sharedId,
  cycle,
  gatewaySpan,
  orphan,
]

/**
 * Makes chains out of stored spans of any number of stores. Spans that were stitched before are
 * taken back to what was stored, so the result depends on the set of stored spans alone: not on
 * their order, nor on how often or in which batches they came. Nothing is dropped.
 */
export function stitch(
  spans: readonly Span[],
  options: Partial<StitchOptions> = {},
): readonly Trace[] {
  const all = { ...DEFAULT_STITCH_OPTIONS, ...options }
  const traces = groupByEvidence(asStored(spans), all)
  return sortTraces(traces.map((trace) => repairTrace(trace, all)))
}

function repairTrace(trace: Trace, options: StitchOptions): Trace {
  let current = trace
  const notes = [...trace.notes]
  for (const { apply } of REPAIRS) {
    const repaired = apply({ ...current, spans: sortSpans(current.spans) }, options)
    current = repaired.trace
    notes.push(...repaired.notes)
  }
  return { ...current, spans: sortSpans(current.spans), notes: sortNotes(notes) }
}
