import { setImmediate } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry, Term } from '../../src/registry/ports.ts'
import { eventually } from '../support/eventually.ts'
import { exported } from './registry-bench.ts'
import { describeContract, type ContractOptions } from './suite.ts'

/** One backend that elects writers, as several replicas see it. */
export interface LeaseHarness extends AsyncDisposable {
  /** A fresh registry on the same backend, as gateway `owner` opens it. The suite closes it. */
  open(owner: string): Registry | Promise<Registry>
  /** The n-th sample key, unique to this harness; sinks accept it. */
  key(n: number): ServiceKey
  /** The addresses that the backend shows under `key` at this moment. */
  list(key: ServiceKey): Promise<readonly string[]>
  /** Ends what keeps the term of `name` alive, as the backend does when it hears of it no more. */
  lapse(name: string): Promise<void>
}

interface LeaseCase {
  readonly title: string
  readonly run: (harness: LeaseHarness) => Promise<void>
}

const LONG_MS = 30_000

const long = (): AbortSignal => AbortSignal.timeout(LONG_MS)

function promise(title: string, run: LeaseCase['run']): LeaseCase {
  return { title, run }
}

async function over(term: Term): Promise<void> {
  await eventually('the term is over', () => term.ended.aborted, LONG_MS)
}

/** Writes one instance of its own, under `term` where there is one. */
async function write(registry: Registry, owner: string, key: ServiceKey, term: Term) {
  const puts = [exported(registry, owner, key)]
  await registry.sink.apply({ key, puts, removals: [], fence: term.fence }, long())
}

const CASES: readonly LeaseCase[] = [
  promise('the next one has its turn when the term is given back', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    const first = await one.lease('writer').acquire(long())
    expect(first.ended.aborted).toBe(false)
    const waiting = two.lease('writer').acquire(long())
    await first[Symbol.asyncDispose]()
    expect(first.ended.aborted).toBe(true)
    await using second = await waiting
    expect(second.ended.aborted).toBe(false)
    expect(second.fence).not.toBe(first.fence)
    await first[Symbol.asyncDispose]() // again, as a failed start does
    expect(second.ended.aborted).toBe(false)
  }),
  promise('of several one has it at a time, and each has its turn', async (harness) => {
    const opened = await Promise.all(
      ['gw-a', 'gw-b', 'gw-c'].map(async (owner) => await harness.open(owner)),
    )
    const seen = { now: 0, most: 0, turns: 0 }
    const turn = async (registry: Registry): Promise<void> => {
      await using term = await registry.lease('writer').acquire(long())
      seen.turns++
      seen.most = Math.max(seen.most, ++seen.now)
      for (let n = 0; n < 20; n++) await setImmediate()
      expect(term.ended.aborted).toBe(false)
      seen.now--
    }
    await Promise.all([...opened, ...opened].map(turn))
    expect(seen).toEqual({ now: 0, most: 1, turns: 6 })
    await Promise.all(opened.map((registry) => registry[Symbol.asyncDispose]()))
  }),
  promise('leases of different names do not wait for one another', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    await using first = await one.lease('writer').acquire(long())
    await using second = await two.lease('a/b').acquire(long())
    expect([first.ended.aborted, second.ended.aborted]).toEqual([false, false])
  }),
  promise('whoever gives up waiting is passed over', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    await using three = await harness.open('gw-c')
    const first = await one.lease('writer').acquire(long())
    const ending = new AbortController()
    const givenUp = two.lease('writer').acquire(ending.signal)
    const waiting = three.lease('writer').acquire(long())
    ending.abort()
    await expect(givenUp).rejects.toBeDefined()
    await first[Symbol.asyncDispose]()
    await using third = await waiting
    expect(third.ended.aborted).toBe(false)
  }),
  promise('a term that lapsed is over, and another one may begin', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    await using first = await one.lease('writer').acquire(long())
    await harness.lapse('writer')
    await over(first)
    await using second = await two.lease('writer').acquire(long())
    expect(second.ended.aborted).toBe(false)
  }),
  promise('closing the registry ends its terms', async (harness) => {
    const one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    const first = await one.lease('writer').acquire(long())
    await one[Symbol.asyncDispose]()
    expect(first.ended.aborted).toBe(true)
    await using second = await two.lease('writer').acquire(long())
    expect(second.ended.aborted).toBe(false)
  }),
  promise('what is written under a term is written', async (harness) => {
    await using registry = await harness.open('gw-a')
    await using term = await registry.lease('writer').acquire(long())
    await write(registry, 'gw-a', harness.key(0), term)
    await write(registry, 'gw-a', harness.key(1), term)
    expect(await harness.list(harness.key(0))).toHaveLength(1)
    expect(await harness.list(harness.key(1))).toHaveLength(1)
  }),
  promise('the registry refuses what is written under a term that is over', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    const first = await one.lease('writer').acquire(long())
    await write(one, 'gw-a', harness.key(0), first)
    await harness.lapse('writer')
    await using second = await two.lease('writer').acquire(long())
    await expect(write(one, 'gw-a', harness.key(1), first)).rejects.toMatchObject({
      code: 'LEASE_LOST',
      retry: false,
    })
    expect(await harness.list(harness.key(1))).toEqual([])
    await write(two, 'gw-b', harness.key(2), second)
    expect(await harness.list(harness.key(2))).toHaveLength(1)
  }),
  promise('a term that was given back is over for its holder too', async (harness) => {
    await using registry = await harness.open('gw-a')
    const term = await registry.lease('writer').acquire(long())
    await term[Symbol.asyncDispose]()
    await expect(write(registry, 'gw-a', harness.key(0), term)).rejects.toMatchObject({
      code: 'LEASE_LOST',
    })
    expect(await harness.list(harness.key(0))).toEqual([])
  }),
]

/** The contract of Lease and of Change.fence in src/registry/ports.ts. */
export function describeLeaseContract(
  name: string,
  make: () => Promise<LeaseHarness>,
  options: ContractOptions = {},
): void {
  describeContract(`lease contract: ${name}`, CASES, make, options)
}
