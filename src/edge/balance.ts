import type { Endpoint } from './endpoint.ts'

/** An endpoint with its share of one service's traffic. */
export interface Target {
  readonly endpoint: Endpoint
  /** Above 0; 100 is usual. */
  readonly weight: number
  /** No registry names it any more, and it may be there all the same. */
  readonly former?: boolean
}

/** Targets that can be drawn from in proportion to their weights. */
export interface TargetSet {
  readonly targets: readonly Target[]
  /** Running sums of the weights. */
  readonly sums: readonly number[]
}

/** An endpoint that refused is left alone for so long while others answer. */
const COOL_DOWN_MS = 5_000

/** … and for so long one that most likely has gone. */
const FORMER_COOL_DOWN_MS = 60_000

/** Uniform in [0, 1). */
export type Random = () => number

export function targetSet(targets: readonly Target[]): TargetSet {
  let sum = 0
  return { targets, sums: targets.map(({ weight }) => (sum += weight)) }
}

/**
 * Draws two by weight and takes the one with less under way: nearly as even as asking all, at the
 * price of two. What failed to connect a moment ago is taken only when nothing else is left; so is what
 * may have gone, once a request has met with a failure. What was tried for this request, never.
 * undefined when there is nothing to try.
 */
export function choose(
  set: TargetSet,
  tried: ReadonlySet<Endpoint>,
  nowMs: number,
  random: Random,
): Endpoint | undefined {
  const fit = ({ endpoint, former = false }: Target): boolean => {
    if (tried.has(endpoint) || (former && tried.size > 0)) return false
    return nowMs - endpoint.load.failedMs >= (former ? FORMER_COOL_DOWN_MS : COOL_DOWN_MS)
  }
  const drawn = leastRequest(set, random)
  if (drawn && fit(drawn)) return drawn.endpoint
  const untried = set.targets.filter(({ endpoint }) => !tried.has(endpoint))
  const warm = untried.filter(fit)
  return leastRequest(targetSet(warm.length > 0 ? warm : untried), random)?.endpoint
}

function leastRequest(set: TargetSet, random: Random): Target | undefined {
  const one = draw(set, random())
  const other = draw(set, random())
  if (!one || !other) return undefined
  return other.endpoint.load.inFlight < one.endpoint.load.inFlight ? other : one
}

/** The target whose stretch of the running sums holds `share` of the whole. */
function draw({ targets, sums }: TargetSet, share: number): Target | undefined {
  const point = share * (sums.at(-1) ?? 0)
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sums[middle] ?? 0) > point) high = middle
    else low = middle + 1
  }
  return targets[low]
}
