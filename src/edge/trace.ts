import { childContext, startContext } from '../../trace-converter/context/child.ts'
import { isContext } from '../../trace-converter/context/codec.ts'
import { newSpanId, newTraceId, type Random64 } from '../../trace-converter/context/ids.ts'
import type {
  ContextSpanId,
  HeaderList,
  Loss,
  Rejection,
  TraceContext,
  TraceSeed,
} from '../../trace-converter/context/model.ts'
import { readContext } from '../../trace-converter/context/read.ts'
import { writeContext } from '../../trace-converter/context/write.ts'
import { bringBack, setAside } from './aside.ts'
import type { Participation } from './participation.ts'
import type { GatewaySpan } from './span-reporter.ts'
import type { TraceMemory } from './trace-memory.ts'
import type { TraceSide, TraceSides } from './trace-side.ts'

export type SpanIds = Pick<
  GatewaySpan,
  'traceId' | 'traceIdWidth' | 'id' | 'parentId' | 'sampling' | 'links'
>

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
  /** What the callee's formats do not say; it may still come back. */
  readonly losses: readonly Loss[]
}

export interface TraceDeps {
  readonly random64: Random64
  readonly memory: TraceMemory
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
  participation: Participation,
  deps: TraceDeps,
): TraceCrossing {
  const { sends } = sides.callee
  const options = sides.callee
  if (participation === 'ignore') {
    return { headers: writeContext(onward, undefined, sends, options), rejected: [], losses: [] }
  }
  const read = readContext(received, sides.caller.accepts, sides.caller)
  const { rejected } = read
  const came = begins(read.context ?? read.seed, participation, sides.caller, deps.memory)
  const links = [...came.links, ...rejected.flatMap(outranked)]
  const { spans, written } =
    participation === 'forward'
      ? { spans: {}, written: came.value }
      : ownSpans(came.value, links, sides, deps.random64)
  if (written === undefined) {
    return { headers: writeContext(onward, undefined, sends, options), rejected, losses: [] }
  }
  const { value, losses } = setAside(written, sides.callee, deps.memory)
  return { ...spans, headers: writeContext(onward, value, sends, options), rejected, losses }
}

type Links = NonNullable<GatewaySpan['links']>

/** What the crossing starts from, with what the caller's formats could not say put back. */
function begins(
  read: TraceContext | TraceSeed | undefined,
  participation: Participation,
  caller: TraceSide,
  memory: TraceMemory,
): { readonly value: TraceContext | TraceSeed | undefined; readonly links: Links } {
  if (read === undefined) return { value: undefined, links: [] }
  if (participation === 'restart') return restarted(read)
  return { value: bringBack(read, caller, memory), links: [] }
}

/**
 * Of an untrusted caller's context the yes or no remains, for the trace that begins here: nobody
 * outside can force a trace past the samplers, or bring state and baggage in.
 */
function restarted(read: TraceContext | TraceSeed): { value: TraceSeed; links: Links } {
  const sampling = read.sampling === 'debug' ? 'accept' : read.sampling
  const value: TraceSeed = { sampling, baggage: [], vendor: {}, source: read.source }
  if (!isContext(read)) return { value, links: [] }
  const { traceId, spanId } = read
  return { value, links: [{ traceId, spanId, reason: 'restarted' }] }
}

function outranked({ link }: Rejection): Links {
  return link === undefined ? [] : [{ ...link, reason: 'outranked' }]
}

/**
 * A sampled trace gets a server span for the caller's collector, below the caller's span, and a
 * client span for the callee's collector, below the server span and above what the callee makes:
 * each store has the span its side talked with, and over both stores every parent is found. An id
 * is made only where its span will be reported; else the ids go on as they came, or the callee's
 * span would be an orphan. The first of them names the traces that are linked.
 */
function ownSpans(
  came: TraceContext | TraceSeed | undefined,
  links: Links,
  sides: TraceSides,
  random: Random64,
): { readonly spans: OwnSpans; readonly written: TraceContext | TraceSeed | undefined } {
  if (came?.sampling !== 'accept' && came?.sampling !== 'debug') return { spans: {}, written: came }
  const server = below(came, links, sides.caller, sides, random)
  const linked = server ? [] : links
  const client = below(server?.written ?? came, linked, sides.callee, sides, random)
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
  links: Links,
  side: TraceSide,
  sides: TraceSides,
  random: Random64,
): { readonly span: SpanIds; readonly written: TraceContext } | undefined {
  const { sampling } = above
  if (!side.reporter || (sampling !== 'accept' && sampling !== 'debug')) return undefined
  const id = newSpanId(random)
  const written = isContext(above) ? childContext(above, id) : begin(above, id, sides, random)
  const span: SpanIds = {
    traceId: written.traceId,
    traceIdWidth: side.traceIdBits === 64 ? 64 : written.traceIdWidth,
    id,
    ...(isContext(above) ? { parentId: above.spanId } : {}),
    sampling,
    ...(links.length > 0 ? { links } : {}),
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
