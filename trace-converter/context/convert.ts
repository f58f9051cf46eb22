import { childContext, startContext } from './child.ts'
import { lossesOf } from './losses.ts'
import type {
  ContextSpanId,
  ContextTraceId,
  HeaderFormat,
  HeaderList,
  Loss,
  TraceContext,
  TraceSeed,
} from './model.ts'
import { readContext, type ContextRead } from './read.ts'
import { writeContext } from './write.ts'

export interface Conversion {
  /** Formats that the sender may use, in order. */
  readonly from: readonly HeaderFormat[]
  /** Formats that the receiver gets. */
  readonly to: readonly HeaderFormat[]
  readonly traceIdBits: 64 | 128
  /** A new span below the sender's; absent: the sender's ids go on as they are. */
  readonly spanId?: ContextSpanId
  /** Trace id for a trace that begins here, where only a seed came; used together with `spanId`. */
  readonly traceId?: ContextTraceId
  /** See ReadOptions. */
  readonly lenient?: boolean
}

export interface Converted extends ContextRead {
  readonly headers: HeaderList
  /** What was written, after `spanId`. */
  readonly context?: TraceContext
  readonly seed?: TraceSeed
  readonly losses: readonly Loss[]
}

/** Headers of one hop made into headers for the next. Pure and total; the list is in order. */
export function convertHeaders(headers: HeaderList, conversion: Conversion): Converted {
  const { from, to, traceIdBits, lenient = false } = conversion
  const read = readContext(headers, from, { lenient })
  const written = place(read, conversion)
  const value = written.context ?? written.seed
  return {
    ...written,
    headers: writeContext(headers, value, to, { traceIdBits }),
    losses: value === undefined ? [] : lossesOf(value, to, traceIdBits),
  }
}

function place(read: ContextRead, { spanId, traceId, traceIdBits }: Conversion): ContextRead {
  const { context, seed, rejected } = read
  if (spanId === undefined) return read
  if (context !== undefined) return { context: childContext(context, spanId), rejected }
  if (seed === undefined || traceId === undefined) return read
  return { context: startContext(seed, { traceId, traceIdWidth: traceIdBits, spanId }), rejected }
}
