import { expect } from '@jest/globals'
import type { Registry } from '../../src/registry/ports.ts'
import { eventually } from '../support/eventually.ts'
import { describeContract, type ContractOptions } from './suite.ts'

/** One backend that keeps identities, as several processes see it. */
export interface PresenceHarness extends AsyncDisposable {
  /** A fresh registry on the same backend, as gateway `owner` opens it. The suite closes it. */
  open(owner: string): Registry | Promise<Registry>
  /** Another process claims `owner` and is killed; resolves when it is dead and its claim stands. */
  abandon(owner: string): Promise<void>
  /** Ends what keeps the claim of `owner` alive, as the backend does when it hears of it no more. */
  lapse(owner: string): Promise<void>
  /** What the backend holds as the claim of `owner`: another text for each holder. */
  holder(owner: string): Promise<string | undefined>
}

interface PresenceCase {
  readonly title: string
  readonly run: (harness: PresenceHarness) => Promise<void>
}

const LONG_MS = 20_000

const long = (): AbortSignal => AbortSignal.timeout(LONG_MS)

function promise(title: string, run: PresenceCase['run']): PresenceCase {
  return { title, run }
}

/** Keeps the claim while `run` runs, then looks whether keeping it ended as it must. */
async function keeping(registry: Registry, run: () => Promise<void>): Promise<void> {
  const ending = new AbortController()
  const kept = registry.presence.keep(ending.signal)
  kept.catch(() => undefined) // seen below
  try {
    await run()
  } finally {
    ending.abort()
  }
  await kept
}

const taken = expect.objectContaining({
  code: 'OWNER_TAKEN',
  retry: false,
  details: expect.objectContaining({ owner: 'gw-a', pid: process.pid }) as unknown,
}) as unknown

const CASES: readonly PresenceCase[] = [
  promise('a claim stands from when it resolves until the registry is closed', async (harness) => {
    const registry = await harness.open('gw-a')
    expect(await harness.holder('gw-a')).toBeUndefined()
    await registry.presence.claim(long())
    expect(await harness.holder('gw-a')).toBeDefined()
    await registry[Symbol.asyncDispose]()
    const gone = async (): Promise<boolean> => (await harness.holder('gw-a')) === undefined
    await eventually('the claim is gone', gone)
  }),
  promise('what is claimed may be claimed again by its holder', async (harness) => {
    await using registry = await harness.open('gw-a')
    await registry.presence.claim(long())
    const holder = await harness.holder('gw-a')
    await registry.presence.claim(long())
    expect(await harness.holder('gw-a')).toBe(holder)
  }),
  promise(
    'a second live gateway is refused, and told where the first one runs',
    async (harness) => {
      await using one = await harness.open('gw-a')
      await using two = await harness.open('gw-a')
      await one.presence.claim(long())
      const holder = await harness.holder('gw-a')
      await expect(two.presence.claim(long())).rejects.toEqual(taken)
      expect(await harness.holder('gw-a')).toBe(holder)
    },
  ),
  promise('of several that claim at once one is let in', async (harness) => {
    const opened = await Promise.all([1, 2, 3, 4].map(async () => await harness.open('gw-a')))
    const outcomes = await Promise.allSettled(opened.map(({ presence }) => presence.claim(long())))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toEqual(taken)
    await Promise.all(opened.map((registry) => registry[Symbol.asyncDispose]()))
  }),
  promise('gateways of different identities do not meet', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-b')
    await Promise.all([one.presence.claim(long()), two.presence.claim(long())])
    expect(await harness.holder('gw-a')).not.toBe(await harness.holder('gw-b'))
  }),
  promise('an identity that was given back is free at once', async (harness) => {
    const one = await harness.open('gw-a')
    await one.presence.claim(long())
    await one[Symbol.asyncDispose]()
    await using two = await harness.open('gw-a')
    await two.presence.claim(long())
    expect(await harness.holder('gw-a')).toBeDefined()
  }),
  promise('what a killed process of this machine left is taken over at once', async (harness) => {
    await harness.abandon('gw-a')
    const left = await harness.holder('gw-a')
    expect(left).toBeDefined()
    await using registry = await harness.open('gw-a')
    await registry.presence.claim(long())
    expect(await harness.holder('gw-a')).not.toBe(left)
  }),
  promise('a claim that lapsed is made anew while it is kept', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-a')
    await one.presence.claim(long())
    await keeping(one, async () => {
      await harness.lapse('gw-a')
      const back = async (): Promise<boolean> => (await harness.holder('gw-a')) !== undefined
      await eventually('the claim is back', back, LONG_MS)
      await expect(two.presence.claim(long())).rejects.toEqual(taken)
    })
  }),
  promise('keeping ends when another one has taken the identity meanwhile', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-a')
    await one.presence.claim(long())
    await harness.lapse('gw-a')
    await two.presence.claim(long())
    await expect(one.presence.keep(long())).rejects.toEqual(taken)
    await keeping(two, () => Promise.resolve())
  }),
  promise('hiding what was written ends no claim, and may be said again', async (harness) => {
    await using registry = await harness.open('gw-a')
    await registry.presence.claim(long())
    const holder = await harness.holder('gw-a')
    await keeping(registry, () => Promise.resolve())
    await registry.presence.hide(long())
    await registry.presence.hide(long())
    expect(await harness.holder('gw-a')).toBe(holder)
  }),
  promise('showing what was hidden ends no claim, and may be said again', async (harness) => {
    await using registry = await harness.open('gw-a')
    await registry.presence.claim(long())
    const holder = await harness.holder('gw-a')
    await registry.presence.hide(long())
    await registry.presence.show(long())
    await registry.presence.show(long())
    expect(await harness.holder('gw-a')).toBe(holder)
  }),
  promise('who does not hold the identity hides, shows and claims nothing', async (harness) => {
    await using registry = await harness.open('gw-a')
    await registry.presence.hide(long())
    await registry.presence.show(long())
    expect(await harness.holder('gw-a')).toBeUndefined()
  }),
  promise('whoever gives up waiting holds nothing', async (harness) => {
    await using registry = await harness.open('gw-a')
    await expect(registry.presence.claim(AbortSignal.abort())).rejects.toBeDefined()
    expect(await harness.holder('gw-a')).toBeUndefined()
  }),
]

/** The contract of Presence in src/registry/ports.ts. Each case gets a harness of its own. */
export function describePresenceContract(
  name: string,
  make: () => Promise<PresenceHarness>,
  options: ContractOptions = {},
): void {
  describeContract(`presence contract: ${name}`, CASES, make, options)
}
