import { isUsable } from '../registry/model.ts'
import type { Instance } from '../registry/model.ts'

/** What every instance has that says nothing else; also what layouts without a weight read as. */
export const USUAL_WEIGHT = 100

const HEALTH = 'unsaid-health'
const WEIGHT = 'unsaid-weight'
const ZONE = 'unsaid-zone'

/**
 * Labels for what `meant` says and its reader would not get back, as `read` shows: a layout without
 * zones, weights or warnings. They mean something to gateways alone, which say it again where it
 * can be said.
 */
export function unsaid(
  meant: Omit<Instance, 'id'>,
  read: Instance,
): Readonly<Record<string, string>> | undefined {
  const warns = meant.health === 'warning' && read.health === 'passing'
  const weighs = meant.weight !== read.weight && read.weight === USUAL_WEIGHT
  const labels = {
    ...(warns && { [HEALTH]: meant.health }),
    ...(weighs && { [WEIGHT]: String(meant.weight) }),
    ...(meant.zone !== undefined && read.zone === undefined && { [ZONE]: meant.zone }),
  }
  return Object.keys(labels).length > 0 ? labels : undefined
}

/**
 * The instance as the gateway meant it that wrote it. What the registry itself says by now counts
 * more: that it is critical, or another weight than the usual.
 */
export function resaid(instance: Instance): Instance {
  if (!instance.origin) return instance
  const { [HEALTH]: health, [WEIGHT]: weight, [ZONE]: zone, ...labels } = instance.labels
  const said = health ?? weight ?? zone
  if (said === undefined) return instance
  return {
    ...instance,
    health: instance.health === 'passing' && health === 'warning' ? health : instance.health,
    weight: isUsable(instance) ? weightSaid(instance.weight, weight) : instance.weight,
    ...(instance.zone === undefined && zone !== undefined && { zone }),
    labels,
  }
}

function weightSaid(read: number, meant: string | undefined): number {
  const weight = Number(meant)
  return meant && read === USUAL_WEIGHT && Number.isFinite(weight) && weight > 0 ? weight : read
}
