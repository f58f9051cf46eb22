import { expect } from '@jest/globals'
import { errorCode } from '../../src/kernel/errors.ts'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import {
  addressesOf,
  addressOf,
  apply,
  exported,
  following,
  put,
  takeAway,
} from './registry-bench.ts'
import { promise, type ContractCase } from './registry-case.ts'

const FOREIGN = { host: '10.2.0.7', port: 9000 }

/** What a sink promises about what it takes away: ours, as it was seen, and nothing else. */
export const TAKING_AWAY: readonly ContractCase[] = [
  promise('our record is removed, and what stands beside it stays', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    await follower.snapshot()
    const key = harness.key(0)
    await harness.register(key, [FOREIGN])
    const ours = exported(registry, 'gw-a', key)
    await put(registry, key, ours)
    await follower.until('both', () => follower.instances(key).length === 2)
    await takeAway(registry, key, ours)
    await follower.until('one', () => follower.instances(key).length === 1)
    expect(addressesOf(follower, key)).toEqual([addressOf(FOREIGN)])
    await takeAway(registry, key, ours) // gone already is no error
    expect(await harness.list(key)).toEqual([addressOf(FOREIGN)])
  }),
  promise('a record that a service wrote by itself is never removed', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    await follower.snapshot()
    const key = harness.key(0)
    await harness.register(key, [FOREIGN])
    await follower.until('it', () => follower.instances(key).length === 1)
    await refusedOrIgnored(registry, key, follower.instances(key))
    expect(await harness.list(key)).toEqual([addressOf(FOREIGN)])
  }),
  promise('a record of another gateway is never removed', async (harness) => {
    await using theirs = await following(harness, 'gw-a')
    await using ours = await following(harness, 'gw-b')
    const key = harness.key(0)
    await put(theirs.registry, key, exported(theirs.registry, 'gw-a', key))
    await ours.follower.until('it', () => ours.follower.instances(key).length === 1)
    await refusedOrIgnored(ours.registry, key, ours.follower.instances(key))
    expect(await harness.list(key)).toEqual([addressOf(exported(theirs.registry, 'gw-a', key))])
  }),
  promise('a record that has changed since it was seen is not removed', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    const key = harness.key(0)
    const seen = exported(registry, 'gw-a', key)
    await put(registry, key, seen)
    await follower.until('it', () => follower.instances(key).length === 1)
    const changed = exported(registry, 'gw-a', key, { labels: { team: 'red' } })
    const removals = changed.id === seen.id ? [] : [seen]
    await apply(registry, { key, puts: [changed], removals })
    await refusedOrIgnored(registry, key, [seen])
    expect(await harness.list(key)).toEqual([addressOf(changed)])
  }),
  promise(
    'a removal and a put in one change: the put is there when the removal is done',
    async (harness) => {
      await using bench = await following(harness, 'gw-a')
      const { follower, registry } = bench
      await follower.snapshot()
      const key = harness.key(0)
      const old = exported(registry, 'gw-a', key)
      const next = exported(registry, 'gw-a', key, { port: 20_881 })
      await put(registry, key, old)
      await follower.until('the old one', () => follower.instances(key).length === 1)
      await apply(registry, { key, puts: [next], removals: [old] })
      const address = addressOf(next)
      await follower.until('the new one', () => addressesOf(follower, key).join() === address)
      expect(follower.events.map(({ kind }) => kind)).not.toContain('remove')
    },
  ),
]

async function refusedOrIgnored(
  registry: Registry,
  key: ServiceKey,
  removals: readonly Instance[],
): Promise<void> {
  const outcome = await apply(registry, { key, puts: [], removals }).then(
    () => 'ignored',
    (error: unknown) => errorCode(error),
  )
  expect(['ignored', 'REGISTRY_CONFLICT']).toContain(outcome)
}
