import type { TraceIds } from './bare.ts'
import type { ReadOptions } from './codec.ts'
import { isZeros } from './hex.ts'
import { parseContextSpanId, parseContextTraceId } from './ids.ts'
import type { ContextSpanId, RejectReason } from './model.ts'

/** 16 or 32 hex digits; leniently 1 to 32. Otherwise why it is none. Also OpenTracing's grammar. */
export function readB3TraceId(
  text: string,
  { lenient = false }: ReadOptions,
): TraceIds | RejectReason {
  const traceId = parseContextTraceId(text)
  if (traceId === undefined || !(lenient || text.length === 16 || text.length === 32)) {
    return whyNoId(text, 32)
  }
  return { traceId, traceIdWidth: text.length > 16 ? 128 : 64 }
}

/** 16 hex digits; leniently 1 to 16. */
export function readB3SpanId(
  text: string,
  { lenient = false }: ReadOptions,
): { readonly spanId: ContextSpanId } | RejectReason {
  const spanId = parseContextSpanId(text)
  return spanId === undefined || !(lenient || text.length === 16) ? whyNoId(text, 16) : { spanId }
}

function whyNoId(text: string, width: number): RejectReason {
  if (text.length > width) return 'too-long'
  return isZeros(text, 0, text.length) ? 'zero-id' : 'malformed'
}
