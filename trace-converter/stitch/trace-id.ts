import { isShort } from '../span/ids.ts'
import type { TraceId } from '../span/ids.ts'
import type { Span, Trace } from '../span/model.ts'
import { repaired } from './change.ts'
import type { Repair } from './repair.ts'
import { withSpans } from './repair.ts'

const NAME = 'trace-id'

/**
 * Gives every span of the group the one trace id: the only 128-bit form of a short id, or the id
 * of the trace that a re-rooted part hangs under. References to the old ids follow.
 */
export const traceId: Repair = {
  name: NAME,
  apply: (trace) => {
    const aliases = new Set(trace.aliases)
    const spans = trace.spans.map((span) => withTraceId(span, trace, aliases))
    const notes = trace.aliases.map((alias) => ({
      repair: NAME,
      level: 'info' as const,
      message: `was also stored as ${alias}`,
    }))
    return withSpans(trace, spans, notes)
  },
}

function withTraceId(span: Span, trace: Trace, aliases: ReadonlySet<TraceId>): Span {
  const links = span.links.map((link) =>
    aliases.has(link.traceId) ? { ...link, traceId: trace.traceId } : link,
  )
  const linked = span.links.some((link) => aliases.has(link.traceId))
  if (span.traceId === trace.traceId && !linked) return span
  const width = isShort(trace.traceId) ? 16 : 32
  const traceIdWidth = span.traceId === trace.traceId ? span.traceIdWidth : width
  return repaired(NAME, { ...span, traceId: trace.traceId, traceIdWidth, links }, [span])
}
