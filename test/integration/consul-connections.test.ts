import { expect, test } from '@jest/globals'
import { ConsulHarness } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { following } from '../contract/registry-bench.ts'
import { startConsul } from '../support/servers/consul.ts'

/**
 * Consul goes on counting a query that its client has given up, and its connection, until the
 * query's wait is over: with the 200 connections of an agent's default it must never come to that.
 */
test('many more services change than can be watched, and Consul never refuses a connection', async () => {
  await using consul = await startConsul()
  await using harness = new ConsulHarness(consul.address, { maxWatches: 20 })
  const keys = Array.from({ length: 150 }, (_, n) => harness.key(n))
  for (const key of keys) await harness.register(key, [{ host: '10.4.0.1', port: 8080 }])
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  await follower.snapshot()
  for (const port of [8081, 8082]) {
    for (const key of keys) await harness.register(key, [{ host: '10.4.0.1', port }])
    await follower.until('every change', () =>
      keys.every((key) => follower.instances(key).some((one) => one.port === port)),
    )
  }
  expect(follower.events.filter(({ kind }) => kind === 'stale')).toEqual([])
}, 60_000)

test('a registry that is read anew, twice at once, keeps within what Consul grants', async () => {
  await using consul = await startConsul()
  await using harness = new ConsulHarness(consul.address, { maxWatches: 80 })
  const keys = Array.from({ length: 80 }, (_, n) => harness.key(n))
  for (const key of keys) await harness.register(key, [{ host: '10.4.0.1', port: 8080 }])
  await using bench = await following(harness, 'gw-c')
  const { follower, registry } = bench
  const snapshots = (): number => follower.events.filter(({ kind }) => kind === 'snapshot').length
  for (const round of [1, 2, 3]) {
    await eventually(`snapshot ${round}`, () => snapshots() === round)
    if (round < 3) registry.source.resync()
  }
  const [key = harness.key(0)] = keys
  await harness.register(key, [{ host: '10.4.0.2', port: 8080 }])
  await follower.until('the change', () => follower.instances(key).length === 2)
  expect(follower.events.filter(({ kind }) => kind === 'stale')).toEqual([])
}, 60_000)
