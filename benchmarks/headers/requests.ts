import { bareContext } from '../../trace-converter/context/bare.ts'
import { convertHeaders } from '../../trace-converter/context/convert.ts'
import { parseContextSpanId, parseContextTraceId } from '../../trace-converter/context/ids.ts'
import type { HeaderFormat, HeaderList, TraceContext } from '../../trace-converter/context/model.ts'
import { writeContext } from '../../trace-converter/context/write.ts'

export const TRACE_ID = '80f198ee56343ba864fe8b2a57d3eff7'
export const SPAN_ID = 'e457b5a2e4d86bd1'

/** What a small request carries besides. */
export const UNRELATED: HeaderList = [
  ['Host', 'orders.internal:8080'],
  ['Accept', 'application/json'],
  ['User-Agent', 'bench/1.0'],
  ['Cookie', 'session=0123456789abcdef'],
  ['Content-Type', 'application/json'],
  ['Content-Length', '2'],
]

export const STATE: HeaderList = [
  ['tracestate', 'a=1,b=2'],
  ['baggage', 'user=4711,tier=gold'],
]

function sampled(): TraceContext {
  const traceId = parseContextTraceId(TRACE_ID)
  const spanId = parseContextSpanId(SPAN_ID)
  if (traceId === undefined || spanId === undefined) throw new TypeError('not an id')
  return bareContext({ traceId, traceIdWidth: 128 }, spanId, 'unknown', 'accept', 'w3c')
}

/** The headers of a sampled request in one format, behind `others`. */
export function received(from: HeaderFormat, others: HeaderList): HeaderList {
  return writeContext(others, sampled(), [from], { traceIdBits: 128 })
}

export function converting(
  headers: HeaderList,
  from: HeaderFormat,
  to: HeaderFormat,
): () => HeaderList {
  const conversion = { from: [from], to: [to], traceIdBits: 128 } as const
  return () => convertHeaders(headers, conversion).headers
}
