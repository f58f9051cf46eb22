import type { ReadOptions } from './codec.ts'
import { CODECS, traceFields } from './codecs.ts'
import type { TraceFields } from './fields.ts'
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

const NOTHING: ContextRead = { rejected: [] }

/**
 * The one context of a request, from the formats that its sender may use, in their order: the
 * first valid one wins, an invalid one gives way to the next. Another format of the same trace
 * adds what the winner cannot say; one of another trace is reported. Never throws.
 */
export function readContext(
  headers: HeaderList,
  accepts: readonly HeaderFormat[],
  options: ReadOptions = { lenient: false },
): ContextRead {
  const fields = traceFields(headers)
  if (fields === undefined) return NOTHING
  const found = gather(fields, accepts, options)
  const { contexts, seeds, rejected } = found
  const [winner, ...others] = contexts
  if (winner === undefined) {
    const seed = mergeSeeds(seeds)
    return seed === undefined
      ? { rejected }
      : { seed: { ...seed, baggage: mergeBaggage(seeds) }, rejected }
  }
  // The usual request speaks one format.
  if (others.length === 0 && seeds.length === 0) return { context: winner, rejected }
  return among(winner, others, found)
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
): Found {
  const contexts: TraceContext[] = []
  const seeds: TraceSeed[] = []
  const rejected: Rejection[] = []
  for (const format of accepts) {
    const result = CODECS[format].read(fields, options)
    if (result.context !== undefined) contexts.push(result.context)
    if (result.seed !== undefined) seeds.push(result.seed)
    rejected.push(...result.rejected)
  }
  return { contexts, seeds, rejected }
}

function among(
  winner: TraceContext,
  others: readonly TraceContext[],
  { contexts, seeds, rejected }: Found,
): ContextRead {
  const same = others.filter((other) => isSameTrace(winner, other))
  const losers = others.filter((other) => !same.includes(other))
  const baggage = mergeBaggage([...contexts, ...seeds])
  const merged = { ...mergeContexts(winner, same), baggage }
  return {
    context: addSeeds(merged, seeds),
    rejected: [...rejected, ...losers.map(outranked), ...seeds.filter(decides(merged)).map(lost)],
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

/** A decision without ids says nothing against one that came with them. */
function decides(context: TraceContext): (seed: TraceSeed) => boolean {
  return ({ sampling }) =>
    sampling !== 'defer' && refineSampling(context.sampling, sampling) !== sampling
}

function outranked(loser: TraceContext): Rejection {
  const { traceId, spanId } = loser
  return { ...lost(loser), link: { traceId, spanId } }
}

function lost({ source }: Pick<TraceSeed, 'source'>): Rejection {
  const [header = source] = CODECS[source].headerNames
  return { format: source, header, reason: 'outranked' }
}
