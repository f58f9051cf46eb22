import { NO_REJECTIONS, type ReadOptions } from './codec.ts'
import type { TraceFields } from './fields.ts'
import { STANDARD_FORMATS, type Formats } from './formats.ts'
import { isSameTrace, mergeBaggage, mergeContexts, mergeSeeds } from './merge.ts'
import type { HeaderFormat, HeaderList, Rejection, TraceContext, TraceSeed } from './model.ts'
import { refineSampling } from './sampling.ts'

/** At most one of `context` and `seed`; neither when the request is not traced. */
export interface ContextRead {
  readonly context?: TraceContext
  readonly seed?: TraceSeed
  /** What was not taken and why, for counting. */
  readonly rejected: readonly Rejection[]
}

const NOTHING: ContextRead = { rejected: NO_REJECTIONS }

interface Reading extends ReadOptions {
  /** Absent: the standard ones. */
  readonly formats?: Formats
}

const STRICT: Reading = {}

/**
 * The one context of a request, from the formats that its sender may use, in their order: the
 * first valid one wins, an invalid one gives way to the next. Another format of the same trace
 * adds what the winner cannot say; one of another trace is reported. Never throws.
 */
export function readContext(
  headers: HeaderList,
  accepts: readonly HeaderFormat[],
  options: Reading = STRICT,
): ContextRead {
  const formats = options.formats ?? STANDARD_FORMATS
  const fields = formats.fields(headers)
  if (fields === undefined) return NOTHING
  const [only, ...more] = accepts
  if (only !== undefined && more.length === 0) return formats.codec(only).read(fields, options)
  const found = gather(fields, accepts, options, formats)
  const { contexts, seeds, rejected } = found
  const [winner, ...others] = contexts
  if (winner === undefined) {
    const seed = mergeSeeds(seeds)
    return seed === undefined ? { rejected } : { seed, rejected }
  }
  // The usual request speaks one format.
  if (others.length === 0 && seeds.length === 0) return { context: winner, rejected }
  return among(winner, others, found, formats)
}

interface Found {
  readonly contexts: readonly TraceContext[]
  readonly seeds: readonly TraceSeed[]
  readonly rejected: readonly Rejection[]
}

function gather(
  fields: TraceFields,
  accepts: readonly HeaderFormat[],
  options: ReadOptions,
  formats: Formats,
): Found {
  const contexts: TraceContext[] = []
  const seeds: TraceSeed[] = []
  let rejected = NO_REJECTIONS
  for (const format of accepts) {
    const result = formats.codec(format).read(fields, options)
    if (result.context !== undefined) contexts.push(result.context)
    if (result.seed !== undefined) seeds.push(result.seed)
    if (result.rejected.length > 0) rejected = [...rejected, ...result.rejected]
  }
  return { contexts, seeds, rejected }
}

function among(
  winner: TraceContext,
  others: readonly TraceContext[],
  { contexts, seeds, rejected }: Found,
  formats: Formats,
): ContextRead {
  const same = others.filter((other) => isSameTrace(winner, other))
  const losers = others.filter((other) => !same.includes(other))
  const baggage = mergeBaggage([...contexts, ...seeds])
  const merged = { ...mergeContexts(winner, same, formats), baggage }
  return {
    context: addSeeds(merged, seeds),
    rejected: [
      ...rejected,
      ...losers.map((loser) => outranked(loser, formats)),
      ...seeds.filter(contradicts(merged)).map((seed) => lost(seed, formats)),
    ],
  }
}

/** Debug asked for beside the ids (`X-B3-Flags: 1` and a traceparent) is a request for this trace. */
function addSeeds(context: TraceContext, seeds: readonly TraceSeed[]): TraceContext {
  const sampling = seeds.reduce(
    (decision, seed) => (seed.sampling === 'debug' ? refineSampling(decision, 'debug') : decision),
    context.sampling,
  )
  return sampling === context.sampling ? context : { ...context, sampling }
}

/** A decision without ids says nothing against one that came with them; nor does a bare trace id. */
function contradicts(context: TraceContext): (seed: TraceSeed) => boolean {
  return ({ sampling, trace }) =>
    (sampling !== 'defer' && refineSampling(context.sampling, sampling) !== sampling) ||
    (trace !== undefined && trace.traceId !== context.traceId)
}

function outranked(loser: TraceContext, formats: Formats): Rejection {
  const { traceId, spanId } = loser
  return { ...lost(loser, formats), link: { traceId, spanId } }
}

function lost({ source }: Pick<TraceSeed, 'source'>, formats: Formats): Rejection {
  const [header = source] = formats.codec(source).headerNames
  return { format: source, header, reason: 'outranked' }
}
