import type { TraceContext } from '../../trace-converter/context/model.ts'

/**
 * A context as one text of its own: what is held for minutes must be cheap for the garbage collector
 * to walk past, and must not keep alive the header lines that its parts were cut from. Ids stand
 * first, at fixed places, and the parent last, so that texts are compared without being read.
 */
export type ToldText = string & { readonly brand: 'ToldText' }

type Tuple = readonly [
  TraceContext['spanId'],
  TraceContext['traceId'],
  TraceContext['traceIdWidth'],
  string | null,
  TraceContext['sampling'],
  boolean,
  boolean | null,
  TraceContext['tracestate'],
  TraceContext['baggage'],
  TraceContext['vendor'],
  TraceContext['source'],
  TraceContext['parent'],
]

/** Behind `["`. */
const SPAN_AT = 2
/** Behind the span and `","`. */
const TRACE_AT = SPAN_AT + 16 + 3

export function packTold(told: TraceContext): ToldText {
  const { spanId, traceId, traceIdWidth, rawTraceId = null, sampling, firehose, parent } = told
  const { random = null, tracestate, baggage, vendor, source } = told
  const tuple: Tuple = [
    ...([spanId, traceId, traceIdWidth, rawTraceId, sampling, firehose] as const),
    ...([random, tracestate, baggage, vendor, source, parent] as const),
  ]
  return parseToldText(JSON.stringify(tuple))
}

function parseToldText(text: string): ToldText {
  return text as ToldText
}

export function parseTold(text: ToldText): TraceContext {
  const [spanId, traceId, traceIdWidth, rawTraceId, sampling, firehose, random, ...rest] =
    JSON.parse(text) as Tuple
  const [tracestate, baggage, vendor, source, parent] = rest
  return {
    ...{ traceId, traceIdWidth, spanId, parent, sampling, firehose },
    ...(rawTraceId === null ? {} : { rawTraceId }),
    ...(random === null ? {} : { random }),
    ...{ tracestate, baggage, vendor, source },
  }
}

export function isOfSpan(text: ToldText, spanId: string): boolean {
  return spanId.length === 16 && text.startsWith(spanId, SPAN_AT)
}

/** All of it but where in the trace it stands. */
export function restOf(text: ToldText): string {
  return text.slice(TRACE_AT, text.lastIndexOf(','))
}
