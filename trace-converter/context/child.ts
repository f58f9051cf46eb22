import { bareContext } from './bare.ts'
import type { ContextSpanId, ContextTraceId, TraceContext, TraceSeed } from './model.ts'

/**
 * The context of a span made below the sender's: same trace, same decision. Only for a span that
 * will be reported; whoever does not report passes the sender's on, or it loses its parent.
 */
export function childContext(context: TraceContext, spanId: ContextSpanId): TraceContext {
  return { ...context, spanId, parent: context.spanId }
}

/**
 * The context of the first span of a trace that begins here, as the seed wants it: with the trace id
 * that it names, or else with the one given.
 */
export function startContext(
  seed: TraceSeed,
  ids: {
    readonly traceId: ContextTraceId
    readonly traceIdWidth: 64 | 128
    readonly spanId: ContextSpanId
  },
): TraceContext {
  const bare = bareContext(seed.trace ?? ids, ids.spanId, 'root', seed.sampling, seed.source)
  const rawTraceId = seed.trace?.rawTraceId
  return {
    ...bare,
    ...(rawTraceId === undefined ? {} : { rawTraceId }),
    baggage: seed.baggage,
    vendor: seed.vendor,
  }
}
