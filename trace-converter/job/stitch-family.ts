import { errorMessage } from '../../src/kernel/errors.ts'
import { canonicalJson } from '../span/canonical.ts'
import type { TraceId } from '../span/ids.ts'
import { byTrace, newSpans } from '../span/collect.ts'
import type { Span, Trace } from '../span/model.ts'
import type { Family } from './group.ts'

/** Makes chains of the spans of one family, the same whatever their order. */
export type StitchSpans = (spans: readonly Span[]) => readonly Trace[]

/** What was made of a family, and how many stored spans it was made of. */
export interface Stitched {
  readonly family: Family
  readonly spansIn: number
  readonly traces: readonly Trace[]
}

/**
 * A family that cannot be stitched is written as it is stored, with a note: it must neither be
 * lost nor hold up all that come after it.
 */
export function stitchFamily(family: Family, stitch: StitchSpans): Stitched {
  const spans = spansOf(family)
  try {
    return { family, spansIn: spans.length, traces: stitch(spans) }
  } catch (error) {
    const message = `written as stored: ${errorMessage(error)}`
    return { family, spansIn: spans.length, traces: asStored(spans, message) }
  }
}

/** What the stores hold, and of what was stitched before only what they hold no more. */
function spansOf(family: Family): readonly Span[] {
  const stored = family.filter(({ store }) => store !== 'stitched')
  const spans = stored.flatMap(({ trace }) => trace.spans)
  const kept = family.filter((part) => !stored.includes(part))
  return [
    ...spans,
    ...newSpans(
      spans,
      kept.flatMap(({ trace }) => trace.spans),
    ),
  ]
}

function asStored(spans: readonly Span[], message: string): readonly Trace[] {
  const note = { repair: 'none', level: 'warning', message } as const
  return [...byTrace(spans)].map(([traceId, group]) => stored(traceId, group, [note]))
}

function stored(traceId: TraceId, group: readonly Span[], notes: Trace['notes']): Trace {
  const texts = new Map(group.map((span) => [canonicalJson(span), span]))
  const spans = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, span]) => span)
  return { traceId, spans, aliases: [], notes }
}
