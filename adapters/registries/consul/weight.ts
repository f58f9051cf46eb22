/**
 * Consul's usual weight is 1, the model's is 100. A service that was given 2 where others have 1
 * takes twice the traffic, so that ratios are kept: times 100 when reading. When writing the
 * nearest whole number stands there for Consul's clients, and the exact one is kept beside it.
 */
const SCALE = 100
const MOST = 65_535

/** Never 0: Consul would make it 1. A weight of 0 is a critical check. */
export function toWireWeight(weight: number): number {
  return Math.min(MOST, Math.max(1, Math.round(weight / SCALE)))
}

/** `exact` counts as long as nobody has changed the weight that was written with it. */
export function fromWireWeight(wire: number, exact: string | undefined): number {
  const weight = exact === undefined || exact === '' ? NaN : Number(exact)
  const holds = Number.isFinite(weight) && weight >= 0 && toWireWeight(weight) === wire
  return holds ? weight : wire * SCALE
}
