import { expect } from '@jest/globals'
import { keyText, sameInstance, type Instance } from '../../src/registry/model.ts'
import {
  addressesOf,
  addressOf,
  apply,
  exported,
  following,
  put,
  withoutKeeper,
} from './registry-bench.ts'
import { polling } from './registry-poll.ts'
import { promise, type ContractCase } from './registry-case.ts'

/** What a sink promises about what it puts. */
export const WRITING: readonly ContractCase[] = [
  promise(
    'what is put is read back, by another reader too, as it was normalized',
    async (harness) => {
      await using writer = await following(harness, 'gw-a')
      await using reader = await following(harness, 'gw-b')
      await reader.follower.snapshot()
      for (const n of [0, 1, 2]) {
        const key = harness.key(n)
        expect(writer.registry.sink.accepts(key)).toBe(true)
        const instance = exported(writer.registry, 'gw-a', key, { zone: 'zone-1' })
        await put(writer.registry, key, instance)
        for (const { follower } of [reader, writer]) {
          await follower.until('the record', () => follower.instances(key).length === 1)
          expect(follower.instances(key).map(withoutKeeper)).toEqual([instance])
        }
      }
    },
  ),
  promise('every health and weight is read back as it was normalized', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    await follower.snapshot()
    const key = harness.key(0)
    for (const part of [
      { health: 'warning' },
      { health: 'critical' },
      { weight: 0 },
      { weight: 1 },
      { weight: 250 },
      { health: 'passing' },
    ] as const) {
      const instance = exported(registry, 'gw-a', key, part)
      await replace(bench, key, instance)
      await follower.until(`${JSON.stringify(part)} of ${JSON.stringify(instance)}`, () =>
        follower.instances(key).some((seen) => sameInstance(seen, instance)),
      )
    }
  }),
  promise(
    'applying again changes nothing, also through another writer of the same owner',
    async (harness) => {
      await using bench = await following(harness, 'gw-a')
      await using twin = await harness.open('gw-a')
      const { follower, registry } = bench
      await follower.snapshot()
      const key = harness.key(0)
      const instance = exported(registry, 'gw-a', key)
      await put(registry, key, instance)
      await follower.until('the record', () => follower.instances(key).length === 1)
      const told = follower.events.length
      await put(registry, key, instance)
      if (follower.instances(key)[0]?.keptBy === undefined) {
        await put(twin, key, exported(twin, 'gw-a', key))
      }
      await put(registry, harness.key(1), exported(registry, 'gw-a', harness.key(1)))
      await follower.until('a later change', () => follower.records.size === 2)
      expect(follower.events.slice(told).flatMap(keysOf)).toEqual([keyText(harness.key(1))])
    },
  ),
  promise('a change of labels and weight leaves no moment without the address', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    await follower.snapshot()
    const key = harness.key(0)
    await put(registry, key, exported(registry, 'gw-a', key))
    await follower.until('the record', () => follower.instances(key).length === 1)
    await using poll = polling(harness, key)
    for (const [team, weight] of [
      ['red', 50],
      ['green', 200],
    ] as const) {
      const next = exported(registry, 'gw-a', key, { labels: { team }, weight })
      await replace(bench, key, next)
      await follower.until(`team ${team}`, () => same(follower.instances(key), [next]))
    }
    expect(await poll.missing(addressOf(exported(registry, 'gw-a', key)))).toBe(0)
  }),
  promise(
    'a restarted gateway finds its records and keeps them, with no moment without them',
    async (harness) => {
      const key = harness.key(0)
      const before = await harness.open('gw-a')
      const instance = exported(before, 'gw-a', key)
      await put(before, key, instance)
      await using after = await following(harness, 'gw-a')
      await after.follower.snapshot()
      expect(after.follower.instances(key).map(withoutKeeper)).toEqual([instance])
      await using poll = polling(harness, key)
      if (after.follower.instances(key)[0]?.keptBy === 'other-session') {
        await put(after.registry, key, instance)
        const keeper = (): string | undefined => after.follower.instances(key)[0]?.keptBy
        await after.follower.until('taken over', () => keeper() === 'this-session')
      }
      await before[Symbol.asyncDispose]()
      expect(await poll.missing(addressOf(instance))).toBe(0)
      expect(after.follower.instances(key).map(withoutKeeper)).toEqual([instance])
    },
  ),
  promise('an aborted write rejects', async (harness) => {
    await using registry = await harness.open('gw-a')
    const key = harness.key(0)
    const change = { key, puts: [exported(registry, 'gw-a', key)], removals: [] }
    await expect(registry.sink.apply(change, AbortSignal.abort())).rejects.toBeDefined()
  }),
  promise('200 services in bulk are all there, and all gone again', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    await follower.snapshot()
    const all = Array.from({ length: 200 }, (_, n) => {
      const key = harness.key(n)
      return { key, instance: exported(registry, 'gw-a', key, { port: 21_000 + n }) }
    })
    await Promise.all(all.map(({ key, instance }) => put(registry, key, instance)))
    await follower.until('all of them', () => follower.records.size === 200)
    for (const { key, instance } of all) {
      expect(addressesOf(follower, key)).toEqual([addressOf(instance)])
    }
    await Promise.all(
      all.map(({ key, instance }) => apply(registry, { key, puts: [], removals: [instance] })),
    )
    await follower.until('none of them', () => follower.records.size === 0)
  }),
]

type FollowingBench = Awaited<ReturnType<typeof following>>
type Key = Parameters<typeof put>[1]

/** One change from what is there to `next`: a put, and a removal where the id is another one. */
async function replace(
  { follower, registry }: FollowingBench,
  key: Key,
  next: Instance,
): Promise<void> {
  const removals = follower.instances(key).filter(({ id }) => id !== next.id)
  await apply(registry, { key, puts: [next], removals })
}

function same(seen: readonly Instance[], wanted: readonly Instance[]): boolean {
  return (
    seen.length === wanted.length &&
    wanted.every((one, at) => seen[at] !== undefined && sameInstance(seen[at], one))
  )
}

function keysOf(event: FollowingBench['follower']['events'][number]): readonly string[] {
  if (event.kind === 'upsert') return [keyText(event.record.key)]
  if (event.kind === 'remove') return [keyText(event.key)]
  return [event.kind]
}
