import { expect } from '@jest/globals'
import { exported, following, put } from './registry-bench.ts'
import { promise, type ContractCase } from './registry-case.ts'

/** What a sink promises about the ids of what it writes. */
export const IDENTITY: readonly ContractCase[] = [
  promise('normalize depends on what is written alone', async (harness) => {
    await using one = await harness.open('gw-a')
    await using two = await harness.open('gw-a')
    const instance = exported(one, 'gw-a', harness.key(0))
    expect(exported(two, 'gw-a', harness.key(0))).toEqual(instance)
    expect(one.sink.normalize(harness.key(0), instance)).toEqual(instance)
    const other = exported(one, 'gw-a', harness.key(0), { port: 20_881 })
    expect(other.id).not.toBe(instance.id)
  }),
  promise('an id that a gateway wrote is recognized with its mark gone', async (harness) => {
    await using registry = await harness.open('gw-a')
    const key = harness.key(0)
    const { origin, ...unmarked } = exported(registry, 'gw-a', key)
    expect(origin?.owner).toBe('gw-a')
    expect(registry.sink.recognizes('gw-a', key, unmarked)).toBe(true)
  }),
  promise('an id that somebody else wrote is never recognized', async (harness) => {
    await using bench = await following(harness, 'gw-a')
    const { follower, registry } = bench
    const key = harness.key(0)
    await harness.register(key, [{ host: '10.2.0.7', port: 9000 }])
    await put(registry, key, exported(registry, 'gw-a', key))
    await follower.until('both', () => follower.instances(key).length === 2)
    for (const { origin, ...unmarked } of follower.instances(key)) {
      expect(registry.sink.recognizes('gw-b', key, unmarked)).toBe(false)
      if (!origin) expect(registry.sink.recognizes('gw-a', key, unmarked)).toBe(false)
    }
  }),
]
