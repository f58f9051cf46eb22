import { setTimeout as delay } from 'node:timers/promises'
import type { Backend } from './backends.ts'
import { inParallel } from './in-parallel.ts'

const SERVICES = 300
/** An odd number: one of them is the median. */
const ROUNDS = 5
/** 100 changes a second. */
const CHANGE_EVERY_MS = 10
const WAITING_AT_ONCE = 24

export interface Spread {
  readonly p50: number
  readonly p99: number
}

/** From the moment a registry has acknowledged a change until the other one shows it, in ms. */
interface Round {
  /** All of them: a third each comes, changes a label, goes. */
  readonly all: Spread
  readonly comes: Spread
  readonly changes: Spread
  readonly goes: Spread
  /** Changes that the target's server made durable, for each change of the source. */
  readonly writesPerChange: number
}

/** Of each figure the median of all rounds; of the writes the most. */
export interface Trickled extends Round {
  /** Of all changes, round by round. */
  readonly p50s: readonly number[]
  readonly p99s: readonly number[]
}

export interface Way {
  readonly from: Backend
  readonly to: Backend
  readonly prefix: string
  /** What the other side calls a service. */
  readonly name: (service: string) => string
}

/** Several rounds one after the other: one alone may be twice as slow as the next. */
export async function trickle(way: Way): Promise<Trickled> {
  const rounds: Round[] = []
  for (let n = 0; n < ROUNDS; n += 1) rounds.push(await trickleOnce(way))
  const spread = (of: (one: Round) => Spread): Spread => ({
    p50: median(rounds.map((one) => of(one).p50)),
    p99: median(rounds.map((one) => of(one).p99)),
  })
  return {
    all: spread(({ all }) => all),
    comes: spread(({ comes }) => comes),
    changes: spread(({ changes }) => changes),
    goes: spread(({ goes }) => goes),
    writesPerChange: Math.max(...rounds.map(({ writesPerChange }) => writesPerChange)),
    p50s: rounds.map(({ all }) => all.p50),
    p99s: rounds.map(({ all }) => all.p99),
  }
}

/**
 * At a steady pace, whether or not the change before has arrived: one service after the other
 * comes; then each changes a label; then each goes. All come and go once before, so that the
 * folders they leave behind in ZooKeeper do not count.
 */
async function trickleOnce({ from, to, prefix, name }: Way): Promise<Round> {
  const all = Array.from({ length: SERVICES }, (_, n) => `${prefix}${n}`)
  const allShow = (revision?: string): Promise<unknown> =>
    inParallel(all, WAITING_AT_ONCE, (service) => to.until(name(service), revision))
  await from.register(all, 1, '1')
  await allShow('1')
  await from.deregister(all)
  await allShow()
  await delay(1_000)
  const each = (change: (service: string) => Promise<void>, revision?: string) =>
    paced(all, change, (service) => to.until(name(service), revision))
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

/** Milliseconds from each acknowledged change until it was seen. */
async function paced(
  services: readonly string[],
  change: (service: string) => Promise<void>,
  seen: (service: string) => Promise<void>,
): Promise<readonly number[]> {
  const begun = performance.now()
  const one = async (service: string, n: number): Promise<number> => {
    await delay(begun + n * CHANGE_EVERY_MS - performance.now())
    await change(service)
    const changed = performance.now()
    await seen(service)
    return performance.now() - changed
  }
  return Promise.all(services.map(one))
}

/** Of an odd number of values the one in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN)
  return { p50: at(0.5), p99: at(0.99) }
}
