import type {
  BaggageEntry,
  ContextSpanId,
  ContextTraceId,
  HeaderFormat,
  Sampling,
  TraceContext,
  TraceSeed,
  TracestateMember,
} from './model.ts'

export const NO_MEMBERS: readonly TracestateMember[] = Object.freeze([])
export const NO_BAGGAGE: readonly BaggageEntry[] = Object.freeze([])
export const NO_VENDOR: TraceContext['vendor'] = Object.freeze({})

/** A trace id and how wide it was written. */
export interface TraceIds {
  readonly traceId: ContextTraceId
  readonly traceIdWidth: 64 | 128
}

/** What most headers say and nothing more. One shape for all codecs, which keeps what follows fast. */
export function bareContext(
  { traceId, traceIdWidth }: TraceIds,
  spanId: ContextSpanId,
  parent: TraceContext['parent'],
  sampling: Sampling,
  source: HeaderFormat,
): TraceContext {
  return {
    traceId,
    traceIdWidth,
    spanId,
    parent,
    sampling,
    firehose: false,
    tracestate: NO_MEMBERS,
    baggage: NO_BAGGAGE,
    vendor: NO_VENDOR,
    source,
  }
}

export function bareSeed(sampling: Sampling, source: HeaderFormat): TraceSeed {
  return { sampling, baggage: NO_BAGGAGE, vendor: NO_VENDOR, source }
}
