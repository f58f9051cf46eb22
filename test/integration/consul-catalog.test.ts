import { expect, test } from '@jest/globals'
import { withoutKeeper, exported, following, put } from '../contract/registry-bench.ts'
import { ConsulHarness } from '../support/consul-harness.ts'
import { sharedConsul } from '../support/servers/shared.ts'

const A = { host: '10.3.0.1', port: 8080 }
const B = { host: '10.3.0.2', port: 8080 }

const harnessed = (maxWatches = 128): ConsulHarness =>
  new ConsulHarness(sharedConsul(), { maxWatches })

const dubboMethods = Array.from({ length: 200 }, (_, n) => `method${n}`).join(',')

test.each([
  [
    'Dubbo’s parameters',
    { 'dubbo.tag': 'gray', methods: dubboMethods, 'prefer.serialization': 'x' },
  ],
  [
    'names with a meaning',
    { protocol: 'x', zone: 'y', version: '1', tags: 'a,b', 'consul-x': '1' },
  ],
  ['nothing but oddities', { '': '', _x2e_: '\u0000\n', ключ: '值'.repeat(400), tags: ',' }],
  ['300 labels', Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, `${n}`]))],
  [
    'more than it can hold',
    Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`k${n}`, 'x'.repeat(900)])),
  ],
])('Consul takes and gives back: %s', async (_, labels) => {
  await using harness = harnessed()
  await using bench = await following(harness, 'gw-c')
  const { follower, registry } = bench
  await follower.snapshot()
  const key = harness.key(0)
  const instance = exported(registry, 'gw-c', key, { labels })
  await put(registry, key, instance)
  await follower.until('the record', () => follower.instances(key).length === 1)
  expect(follower.instances(key).map(withoutKeeper)).toEqual([instance])
})

test('caution (g): two spellings of a name are one service, under the lower-case one', async () => {
  await using harness = harnessed()
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  const key = harness.key(0)
  await harness.register({ ...key, name: key.name.toUpperCase() }, [A])
  await harness.register(key, [B])
  await follower.until('both', () => follower.instances(key).length === 2)
  await harness.deregister({ ...key, name: key.name.toUpperCase() }, [A])
  await follower.until('one', () => follower.instances(key).length === 1)
})

test('an instance that comes under a name of which only a record of ours was known is seen', async () => {
  await using harness = harnessed()
  await using bench = await following(harness, 'gw-c')
  const { follower, registry } = bench
  await follower.snapshot()
  const key = harness.key(0)
  await put(registry, key, exported(registry, 'gw-c', key))
  await follower.until('ours', () => follower.instances(key).length === 1)
  await harness.register(key, [A])
  await follower.until('theirs beside it', () => follower.instances(key).length === 2)
})

test.each([
  ['of a watched service', 128],
  ['of one among many', 1],
])('a check that changes is seen: %s', async (_, maxWatches) => {
  await using harness = harnessed(maxWatches)
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  await follower.snapshot()
  const [key, other] = [harness.key(0), harness.key(1)]
  await harness.register(key, [A])
  await harness.register(other, [A])
  await follower.until('both', () => follower.records.size === 2)
  for (const status of ['critical', 'warning', 'passing'] as const) {
    await harness.client.register(key, A, status)
    await follower.until(status, () => follower.instances(key)[0]?.health === status)
  }
})

test('what is critical on a node is critical for every service on it', async () => {
  await using harness = harnessed(1)
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  await follower.snapshot()
  const keys = [harness.key(0), harness.key(1)]
  for (const key of keys) await harness.register(key, [A])
  await follower.until('both', () => follower.records.size === 2)
  const check = { name: 'the machine', checkid: 'machine' }
  const node = { node: 'vm-10-3-0-1', address: A.host }
  const healths = (): readonly string[] =>
    keys.map((key) => follower.instances(key)[0]?.health ?? 'absent')
  await harness.client.consul.catalog.register({ ...node, check: { ...check, status: 'critical' } })
  await follower.until('critical', () => healths().every((health) => health === 'critical'))
  await harness.client.consul.catalog.deregister({ node: node.node, checkid: check.checkid })
  await follower.until('passing', () => healths().every((health) => health === 'passing'))
})

test('what the sink accepts is what Consul’s clients can ask for', async () => {
  await using harness = harnessed()
  await using registry = harness.open('gw-c')
  const { sink } = registry
  expect(sink.accepts({ name: 'web', protocol: 'http' })).toBe(true)
  expect(sink.accepts({ name: 'web', protocol: 'tri', group: 'g', version: '1' })).toBe(true)
  for (const name of ['consul', 'com.acme.Foo', 'Web', '-web', '', 'a'.repeat(64)]) {
    expect(sink.accepts({ name, protocol: 'http' })).toEqual(expect.any(String))
  }
  expect(sink.accepts({ name: 'web', protocol: 'http', version: '1' })).toEqual(expect.any(String))
  for (const address of [{ host: '0.0.0.0' }, { host: '' }, { port: 0 }]) {
    const instance = exported(registry, 'gw-c', harness.key(0), address)
    await expect(put(registry, harness.key(0), { ...instance, ...address })).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
    })
  }
})

test('describe says what it is and sees', async () => {
  await using registry = harnessed().open('gw-c')
  expect(await registry.describe(AbortSignal.timeout(5_000))).toMatch(
    /^Consul \d+\.\d+\.\d+\S* at http:\S+, leader ok, \d+ services$/,
  )
})
