import { childContext, startContext } from '../../trace-converter/context/child.ts'
import { newSpanId, newTraceId, type Random64 } from '../../trace-converter/context/ids.ts'
import { lossesOf } from '../../trace-converter/context/losses.ts'
import type {
  ContextSpanId,
  HeaderFormat,
  HeaderList,
  Loss,
  Rejection,
  TraceContext,
  TraceSeed,
} from '../../trace-converter/context/model.ts'
import { readContext } from '../../trace-converter/context/read.ts'
import { writeContext } from '../../trace-converter/context/write.ts'
import type { GatewaySpan, SpanReporter } from './span-reporter.ts'

/** How one side speaks of traces. */
export interface TraceSide {
  readonly accepts: readonly HeaderFormat[]
  readonly sends: readonly HeaderFormat[]
  readonly traceIdBits: 64 | 128
  /** Absent: the gateway reports no span of its own to this side. */
  readonly reporter?: SpanReporter
}

export interface TraceSides {
  readonly caller: TraceSide
  readonly callee: TraceSide
}

export type SpanIds = Pick<GatewaySpan, 'traceId' | 'traceIdWidth' | 'id' | 'parentId' | 'sampling'>

interface OwnSpans {
  /** For the caller's side. */
  readonly server?: SpanIds
  /** For the callee's side. */
  readonly client?: SpanIds
}

/** What one request's trace headers became. */
export interface TraceCrossing extends OwnSpans {
  /** The fields that go on: no stale trace header, and one context in the callee's formats. */
  readonly headers: HeaderList
  readonly rejected: readonly Rejection[]
  readonly losses: readonly Loss[]
}

/**
 * Reads the caller's context from `received` and writes the callee's over `onward`, which are the
 * same fields without those of the connection: naming `traceparent` in `Connection` does not take
 * the context away. No context in, none out: the gateway begins no trace of its own.
 */
export function crossTrace(
  received: HeaderList,
  onward: HeaderList,
  sides: TraceSides,
  random: Random64,
): TraceCrossing {
  const { context, seed, rejected } = readContext(received, sides.caller.accepts)
  const { sends, traceIdBits } = sides.callee
  const { spans, written } = ownSpans(context ?? seed, sides, random)
  return {
    ...spans,
    headers: writeContext(onward, written, sends, { traceIdBits }),
    rejected,
    losses: written ? lossesOf(written, sends, traceIdBits) : [],
  }
}

/**
 * A sampled trace gets a server span for the caller's collector, below the caller's span, and a
 * client span for the callee's collector, below the server span and above what the callee makes:
 * each store has the span its side talked with, and over both stores every parent is found. An id
 * is made only where its span will be reported; else the ids go on as they came, or the callee's
 * span would be an orphan.
 */
function ownSpans(
  came: TraceContext | TraceSeed | undefined,
  sides: TraceSides,
  random: Random64,
): { readonly spans: OwnSpans; readonly written: TraceContext | TraceSeed | undefined } {
  if (came?.sampling !== 'accept' && came?.sampling !== 'debug') return { spans: {}, written: came }
  const server = below(came, sides.caller, sides, random)
  const client = below(server?.written ?? came, sides.callee, sides, random)
  return {
    spans: {
      ...(server ? { server: server.span } : {}),
      ...(client ? { client: client.span } : {}),
    },
    written: (client ?? server)?.written ?? came,
  }
}

function below(
  above: TraceContext | TraceSeed,
  side: TraceSide,
  sides: TraceSides,
  random: Random64,
): { readonly span: SpanIds; readonly written: TraceContext } | undefined {
  const { sampling } = above
  if (!side.reporter || (sampling !== 'accept' && sampling !== 'debug')) return undefined
  const id = newSpanId(random)
  const written = 'traceId' in above ? childContext(above, id) : begin(above, id, sides, random)
  const span: SpanIds = {
    traceId: written.traceId,
    traceIdWidth: side.traceIdBits === 64 ? 64 : written.traceIdWidth,
    id,
    ...('traceId' in above ? { parentId: above.spanId } : {}),
    sampling,
  }
  return { span, written }
}

/** The trace that a bare decision (`b3: 1`) asks for, no wider than both sides can write. */
function begin(
  seed: TraceSeed,
  spanId: ContextSpanId,
  { caller, callee }: TraceSides,
  random: Random64,
): TraceContext {
  const traceIdWidth = caller.traceIdBits === 64 || callee.traceIdBits === 64 ? 64 : 128
  return startContext(seed, { traceId: newTraceId(random, traceIdWidth), traceIdWidth, spanId })
}
