import { NO_MEMBERS, NO_VENDOR } from './bare.ts'
import { hasParent } from './codec.ts'
import type { Formats } from './formats.ts'
import { hasHighHalf } from './ids.ts'
import type { BaggageEntry, ContextSpanId, TraceContext, TraceSeed } from './model.ts'
import { refineSampling } from './sampling.ts'

/**
 * Whether two formats of one request speak of one trace. A 64-bit copy of a 128-bit id counts: on
 * the same request that is no coincidence.
 */
export function isSameTrace(a: TraceContext, b: TraceContext): boolean {
  if (a.traceId === b.traceId) return true
  const comparable = !hasHighHalf(a.traceId) || !hasHighHalf(b.traceId)
  return comparable && a.traceId.slice(16) === b.traceId.slice(16)
}

/**
 * One context of what several formats say about the same trace: ids and decision from the winner,
 * and from the others what the winner's format has no word for.
 */
export function mergeContexts(
  winner: TraceContext,
  others: readonly TraceContext[],
  formats: Formats,
): TraceContext {
  if (others.length === 0) return winner
  const all = [winner, ...others]
  const wide = all.find(({ traceId }) => hasHighHalf(traceId)) ?? winner
  const w3c = all.find(({ source }) => source === 'w3c')
  const raw = all.find(({ traceId, rawTraceId }) => rawTraceId && traceId === wide.traceId)
  return {
    ...winner,
    traceId: wide.traceId,
    traceIdWidth: wide.traceIdWidth,
    ...(raw?.rawTraceId === undefined ? {} : { rawTraceId: raw.rawTraceId }),
    parent: mergeParent(winner, others),
    sampling: mergeSampling(winner, others, formats),
    firehose: all.some(({ firehose }) => firehose),
    ...(w3c?.random === undefined ? {} : { random: w3c.random }),
    tracestate: w3c?.tracestate ?? NO_MEMBERS,
    vendor: mergeVendor(all),
  }
}

/** Datadog's own headers before tracestate's copy, which has no room for some characters. */
function mergeVendor(sources: readonly (TraceContext | TraceSeed)[]): TraceSeed['vendor'] {
  const carrying = sources.filter(({ vendor }) => Object.keys(vendor).length > 0)
  if (carrying.length < 2) return carrying[0]?.vendor ?? NO_VENDOR
  const ordered = [
    ...carrying.filter(({ source }) => source === 'datadog'),
    ...carrying.filter(({ source }) => source !== 'datadog'),
  ]
  return ordered.reduce<TraceSeed['vendor']>((all, { vendor }) => ({ ...vendor, ...all }), {})
}

/** A parent is known of one span only. */
function mergeParent(
  winner: TraceContext,
  others: readonly TraceContext[],
): ContextSpanId | 'root' | 'unknown' {
  if (hasParent(winner)) return winner.parent
  const twin = others.find((other) => other.spanId === winner.spanId && hasParent(other))
  return twin?.parent ?? winner.parent
}

/**
 * A format that has a word for each of the four needs no refinement. One that has none for debug
 * still denies where it denies: that is no missing word for "undecided". One that has no words at
 * all takes the decision of the next.
 */
function mergeSampling(
  winner: TraceContext,
  others: readonly TraceContext[],
  formats: Formats,
): TraceContext['sampling'] {
  const { decision, defer, debug } = formats.codec(winner.source).carries
  if (decision === 'lost') {
    const [next, ...rest] = others
    return next === undefined ? winner.sampling : mergeSampling(next, rest, formats)
  }
  if (defer === 'kept' && debug === 'kept') return winner.sampling
  return others
    .filter(({ source }) => formats.codec(source).carries.decision !== 'lost')
    .filter(({ sampling }) => defer !== 'kept' || sampling !== 'defer')
    .reduce((sampling, other) => refineSampling(sampling, other.sampling), winner.sampling)
}

/**
 * What all formats of a request without ids say together; the first decision counts, as fine as
 * another makes it: one that knows no debug says yes for it.
 */
export function mergeSeeds(seeds: readonly TraceSeed[]): TraceSeed | undefined {
  const first = seeds.find(({ sampling }) => sampling !== 'defer') ?? seeds[0]
  if (first === undefined || seeds.length === 1) return first
  const sampling = seeds.some((seed) => seed.sampling === 'debug')
    ? refineSampling(first.sampling, 'debug')
    : first.sampling
  const trace = seeds.find((seed) => seed.trace !== undefined)?.trace
  return {
    ...first,
    sampling,
    baggage: mergeBaggage(seeds),
    vendor: mergeVendor(seeds),
    ...(trace === undefined ? {} : { trace }),
  }
}

/** W3C's entries have properties; keys that travel in field names have lost their case. */
function caseRank({ source }: TraceContext | TraceSeed): number {
  if (source === 'w3c') return 0
  return source === 'jaeger' || source === 'ot' ? 2 : 1
}

/**
 * Baggage of a request: W3C's first, then what only others have; compared without case, since
 * Jaeger's keys travel in field names.
 */
export function mergeBaggage(
  sources: readonly (TraceContext | TraceSeed)[],
): readonly BaggageEntry[] {
  const carrying = sources.filter(({ baggage }) => baggage.length > 0)
  if (carrying.length < 2) return carrying[0]?.baggage ?? []
  const ordered = carrying.toSorted((a, b) => caseRank(a) - caseRank(b))
  const seen = new Set<string>()
  return ordered.flatMap(({ baggage }) => {
    const fresh = baggage.filter(({ key }) => !seen.has(key.toLowerCase()))
    for (const { key } of fresh) seen.add(key.toLowerCase())
    return fresh
  })
}
