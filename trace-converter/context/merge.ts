import { hasHighHalf } from './ids.ts'
import type { BaggageEntry, ContextSpanId, HeaderFormat, TraceContext, TraceSeed } from './model.ts'
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
export function mergeContexts(winner: TraceContext, others: readonly TraceContext[]): TraceContext {
  if (others.length === 0) return winner
  const all = [winner, ...others]
  const wide = all.find(({ traceId }) => hasHighHalf(traceId)) ?? winner
  const w3c = all.find(({ source }) => source === 'w3c')
  return {
    ...winner,
    traceId: wide.traceId,
    traceIdWidth: wide.traceIdWidth,
    parent: mergeParent(winner, others),
    sampling: mergeSampling(winner, others),
    firehose: all.some(({ firehose }) => firehose),
    ...(w3c?.random === undefined ? {} : { random: w3c.random }),
    tracestate: w3c?.tracestate ?? [],
    vendor: mergeVendor(all),
  }
}

/** Datadog's own headers before tracestate's copy, which has no room for some characters. */
function mergeVendor(sources: readonly (TraceContext | TraceSeed)[]): TraceSeed['vendor'] {
  const carrying = sources.filter(({ vendor }) => Object.keys(vendor).length > 0)
  if (carrying.length < 2) return carrying[0]?.vendor ?? {}
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
  if (isParentId(winner.parent)) return winner.parent
  const twin = others.find(({ spanId, parent }) => spanId === winner.spanId && isParentId(parent))
  return twin?.parent ?? winner.parent
}

function isParentId(parent: TraceContext['parent']): boolean {
  return parent !== 'root' && parent !== 'unknown'
}

/** Formats that have a word for each of the four: what they say needs no refinement. */
const DECISIVE: readonly HeaderFormat[] = ['b3', 'b3-single', 'datadog']
/** They know all but debug: a denial there is one, and no missing word. */
const SAYS_DEFER: readonly HeaderFormat[] = ['ot', 'xray']

function mergeSampling(
  winner: TraceContext,
  others: readonly TraceContext[],
): TraceContext['sampling'] {
  if (DECISIVE.includes(winner.source)) return winner.sampling
  return others.reduce(
    (sampling, other) =>
      SAYS_DEFER.includes(winner.source) && other.sampling === 'defer'
        ? sampling
        : refineSampling(sampling, other.sampling),
    winner.sampling,
  )
}

/**
 * What all formats of a request without ids say together; the first decision counts, as fine as
 * another makes it: one that knows no debug says yes for it.
 */
export function mergeSeeds(seeds: readonly TraceSeed[]): TraceSeed | undefined {
  const first = seeds.find(({ sampling }) => sampling !== 'defer') ?? seeds[0]
  if (first === undefined) return undefined
  const sampling = seeds.some((seed) => seed.sampling === 'debug')
    ? refineSampling(first.sampling, 'debug')
    : first.sampling
  return { ...first, sampling, vendor: mergeVendor(seeds) }
}

/**
 * Baggage of a request: W3C's first, whose entries have properties; then what only others have.
 * Compared without case, since Jaeger's keys travel in field names.
 */
export function mergeBaggage(
  sources: readonly (TraceContext | TraceSeed)[],
): readonly BaggageEntry[] {
  const carrying = sources.filter(({ baggage }) => baggage.length > 0)
  if (carrying.length < 2) return carrying[0]?.baggage ?? []
  const ordered = [
    ...carrying.filter(({ source }) => source === 'w3c'),
    ...carrying.filter(({ source }) => source !== 'w3c'),
  ]
  const seen = new Set<string>()
  return ordered.flatMap(({ baggage }) => {
    const fresh = baggage.filter(({ key }) => !seen.has(key.toLowerCase()))
    for (const { key } of fresh) seen.add(key.toLowerCase())
    return fresh
  })
}
