import { childContext, startContext } from './child.ts'
import type { Formats } from './formats.ts'
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
  /** Absent: the standard ones. */
  readonly formats?: Formats
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
  const { context, seed, rejected } = place(
    readContext(headers, conversion.from, conversion),
    conversion,
  )
  const { to, traceIdBits, formats } = conversion
  const value = context ?? seed
  const written = writeContext(headers, value, to, conversion)
  const losses = value === undefined ? NONE : lossesOf(value, to, traceIdBits, formats)
  if (context !== undefined) return { headers: written, context, rejected, losses }
  if (seed !== undefined) return { headers: written, seed, rejected, losses }
  return { headers: written, rejected, losses }
}

const NONE: readonly Loss[] = Object.freeze([])

function place(read: ContextRead, { spanId, traceId, traceIdBits }: Conversion): ContextRead {
  if (spanId === undefined) return read
  const { context, seed, rejected } = read
  if (context !== undefined) return { context: childContext(context, spanId), rejected }
  if (seed === undefined) return read
  const trace = traceId === undefined ? seed.trace : { traceId, traceIdWidth: traceIdBits }
  if (trace === undefined) return read
  return { context: startContext(seed, { ...trace, spanId }), rejected }
}
