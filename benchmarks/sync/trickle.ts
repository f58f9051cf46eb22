import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from './backends.ts'
import type { Backend } from './backends.ts'

const SERVICES = 100
const CHANGE_EVERY_MS = 50

export interface Spread {
  readonly p50: number
  readonly p99: number
}

/** From the moment a registry has acknowledged a change until the other one shows it, in ms. */
export interface Trickled {
  /** All of them: a third each comes, changes a label, goes. */
  readonly all: Spread
  readonly comes: Spread
  readonly changes: Spread
  readonly goes: Spread
  /** Changes that the target's server made durable, for each change of the source. */
  readonly writesPerChange: number
}

export interface Way {
  readonly from: Backend
  readonly to: Backend
  readonly prefix: string
  /** What the other side calls a service. */
  readonly name: (service: string) => string
}

/**
 * One service after the other comes, at a steady pace; then each changes a label; then each goes.
 * All come and go once before, so that the folders they leave behind in ZooKeeper do not count.
 */
export async function trickle({ from, to, prefix, name }: Way): Promise<Trickled> {
  const all = Array.from({ length: SERVICES }, (_, n) => `${prefix}${n}`)
  const allShow = (revision?: string) => async (): Promise<boolean> => {
    const shown = await Promise.all(all.map((service) => to.shows(name(service))))
    return shown.every((one) => one === revision)
  }
  await from.register(all, 1, '1')
  await waitFor(allShow('1'), 50)
  await from.deregister(all)
  await waitFor(allShow(), 50)
  await delay(1_000)
  const each = (change: (service: string) => Promise<void>, revision?: string) =>
    timed(all, change, (service) => to.shows(name(service)), revision)
  const before = await to.changes()
  const comes = await each((service) => from.register([service], 1, '1'), '1')
  const changes = await each((service) => from.relabel([service], '2'), '2')
  const goes = await each((service) => from.deregister([service]))
  const writes = (await to.changes()) - before
  return {
    all: spreadOf([...comes, ...changes, ...goes]),
    comes: spreadOf(comes),
    changes: spreadOf(changes),
    goes: spreadOf(goes),
    writesPerChange: round(writes / (3 * SERVICES)),
  }
}

async function timed(
  services: readonly string[],
  change: (service: string) => Promise<void>,
  shows: (service: string) => Promise<string | undefined>,
  revision: string | undefined,
): Promise<readonly number[]> {
  const took: number[] = []
  for (const service of services) {
    await change(service)
    const begun = performance.now()
    await waitFor(async () => (await shows(service)) === revision)
    took.push(performance.now() - begun)
    await delay(CHANGE_EVERY_MS)
  }
  return took
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN)
  return { p50: at(0.5), p99: at(0.99) }
}
