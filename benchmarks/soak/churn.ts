import { setTimeout as delay } from 'node:timers/promises'
import { serviceKeys } from '../../test/support/gateway/services.ts'
import type { Services } from '../../test/support/gateway/services.ts'
import type { Random } from './random.ts'

/** Services that come and go have numbers from here on; those below stay through the whole run. */
const FIRST = 1_000
const MOST = 40
const RETRY_MS = 200

/** Whether what a history tells is about a service that comes and goes by itself. */
export function isChurn(text: string): boolean {
  return /(?:web-|rpc-|[Ll]egacy)(?:1\d{3})\D/.test(`${text} `)
}

export interface Churn {
  readonly perSecond: number
  readonly random: Random
  /** Nothing changes meanwhile: what is compared must stand still. */
  readonly isResting: () => boolean
}

/** Adds and takes away services on both sides until `signal` aborts; returns how often. */
export async function churn(
  services: Services,
  { perSecond, random, isResting }: Churn,
  signal: AbortSignal,
): Promise<number> {
  const alive = { legacy: new Set<number>(), mesh: new Set<number>() }
  let changes = 0
  while (!signal.aborted) {
    await delay(1_000 / perSecond, undefined, { signal }).catch(() => undefined)
    if (isResting()) continue
    const side = random.pick(['legacy', 'mesh'] as const)
    const n = FIRST + random.below(MOST)
    if (await changed(services, { side, n, alive: alive[side] }, signal)) changes += 1
  }
  return changes
}

interface Change {
  readonly side: 'legacy' | 'mesh'
  readonly n: number
  readonly alive: Set<number>
}

/**
 * A registry that is down at this moment takes no change, or takes it and cannot say so: the service
 * tries until it can, also while others rest. False when it was told to stop before.
 */
async function changed(services: Services, change: Change, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const isDone = await make(services, change).then(
      () => true,
      () => false,
    )
    if (isDone) return true
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}

async function make(services: Services, { side, n, alive }: Change): Promise<void> {
  const keys = serviceKeys(side, n, n + 1)
  const add = side === 'legacy' ? 'addLegacy' : 'addMesh'
  const remove = side === 'legacy' ? 'removeLegacy' : 'removeMesh'
  if (alive.has(n)) {
    await services[remove](keys)
    alive.delete(n)
  } else {
    await services[add](keys)
    alive.add(n)
  }
}
