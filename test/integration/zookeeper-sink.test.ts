import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { connectZookeeper, type ZookeeperClient } from '../support/zookeeper-client.ts'
import { openForTest } from '../support/zookeeper-harness.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }

let client: ZookeeperClient
let registry: Registry
let chroot: string

beforeEach(async () => {
  chroot = `/sink-${randomUUID()}`
  client = await connectZookeeper(sharedZookeeper())
  registry = openForTest('gw-a', { servers: [sharedZookeeper()], chroot })
})

afterEach(async () => {
  await registry[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
})

function ours(key: ServiceKey, port: number, part: Partial<Instance> = {}): Instance {
  const draft = {
    host: '10.9.0.1',
    port,
    health: 'passing',
    weight: 100,
    labels: {},
    origin: { owner: 'gw-a', registry: 'mesh', key, path: ['mesh', 'gw-a'] },
    ...part,
  } satisfies Omit<Instance, 'id'>
  return registry.sink.normalize(key, draft)
}

async function apply(key: ServiceKey, puts: Instance[], removals: Instance[] = []): Promise<void> {
  await registry.sink.apply({ key, puts, removals }, AbortSignal.timeout(10_000))
}

/** As the mirror has it. */
function seen(instance: Instance): Instance {
  return { ...instance, keptBy: 'this-session' }
}

function pathOf(key: ServiceKey, { id }: Instance): string {
  const [layout = '', child = ''] = id.split('/')
  const folder = layout === 'dubbo' ? `dubbo/${key.name}/providers` : `services/${key.name}`
  return `${chroot}/${folder}/${child}`
}

async function writesSeen(folder: string): Promise<number> {
  return (await client.folder(folder))?.childChanges ?? 0
}

test('several instances of a new service are one transaction, folders included', async () => {
  const all = [1, 2, 3].map((n) => ours(ORDERS, 21_000 + n))
  await apply(ORDERS, all)
  const zxids = await Promise.all(
    all.map(async (one) => (await client.read(pathOf(ORDERS, one)))?.createdBy),
  )
  expect(new Set(zxids).size).toBe(1)
  expect(await client.children(`${chroot}/dubbo/${ORDERS.name}/providers`)).toHaveLength(3)
})

test('what was heard of a folder is believed once: two who find none are both written', async () => {
  await apply(ORDERS, [ours(ORDERS, 21_001)])
  await apply(WEB, [ours(WEB, 21_001)]) // so that both roots are there
  const stop = new AbortController()
  const events = registry.source.watch(stop.signal)[Symbol.asyncIterator]()
  expect((await events.next()).value).toMatchObject({ kind: 'snapshot' })
  const [http, grpc] = [
    { name: 'new', protocol: 'http' },
    { name: 'new', protocol: 'grpc' },
  ]
  await Promise.all([http, grpc].map((key, n) => apply(key, [ours(key, 21_002 + n)])))
  expect(await client.children(`${chroot}/services/new`)).toHaveLength(2)
  const other = { ...ORDERS, version: '2.0.0' } // where an instance of 1.0.0 stands already
  await apply(other, [ours(other, 21_004)])
  expect(await client.children(`${chroot}/dubbo/${ORDERS.name}/providers`)).toHaveLength(2)
  stop.abort()
  await events.return?.()
})

test('a put and the removal of what it replaces are one transaction', async () => {
  const [old, next] = [ours(ORDERS, 21_001), ours(ORDERS, 21_001, { labels: { a: 'b' } })]
  await apply(ORDERS, [old])
  const folder = `${chroot}/dubbo/${ORDERS.name}/providers`
  const before = await client.folder(folder)
  await apply(ORDERS, [next], [old])
  const after = await client.folder(folder)
  expect(after?.lastChange).toBe((await client.read(pathOf(ORDERS, next)))?.createdBy)
  expect(await writesSeen(folder)).toBe((before?.childChanges ?? 0) + 2)
  expect(await client.children(folder)).toHaveLength(1)
})

test('a changed record of Curator keeps its znode', async () => {
  const [old, next] = [ours(WEB, 21_001), ours(WEB, 21_001, { labels: { a: 'b' } })]
  await apply(WEB, [old])
  const created = (await client.read(pathOf(WEB, old)))?.createdBy
  await apply(WEB, [next])
  const seen = await client.read(pathOf(WEB, next))
  expect(seen).toMatchObject({ createdBy: created, version: 1 })
  expect(JSON.parse(seen?.data ?? '')).toMatchObject({ payload: { metadata: { a: 'b' } } })
})

test('what stands as this session left it goes without a read', async () => {
  const instance = ours(WEB, 21_001)
  await apply(WEB, [instance])
  await client.forbid(pathOf(WEB, instance), true)
  await apply(WEB, [], [seen(instance)])
  expect(await client.children(`${chroot}/services/web`)).toEqual([])
})

test('what was made again by hand, and was seen so, is looked at before it goes', async () => {
  const instance = ours(WEB, 21_001)
  await apply(WEB, [instance])
  await client.remove(pathOf(WEB, instance))
  await client.createPersistent(pathOf(WEB, instance), 'by hand')
  await apply(WEB, [], [{ ...instance, keptBy: 'record' }])
  expect((await client.read(pathOf(WEB, instance)))?.data).toBe('by hand')
})

test.each([
  ['changed by hand: it stays', (path: string) => client.setData(path, 'by hand'), 'by hand'],
  ['removed by hand: so it is', (path: string) => client.remove(path), undefined],
])('what was written is not removed unseen, %s', async (_what, touch, left) => {
  const instance = ours(WEB, 21_001)
  await apply(WEB, [instance])
  await touch(pathOf(WEB, instance))
  await apply(WEB, [], [seen(instance)])
  expect((await client.read(pathOf(WEB, instance)))?.data).toBe(left)
})

test.each([
  ['as it was', {}],
  ['as something else', { labels: { a: 'b' } }],
])('what was removed by hand since it was written stands again, %s', async (_what, part) => {
  const instance = ours(WEB, 21_001)
  await apply(WEB, [instance])
  await client.remove(pathOf(WEB, instance))
  const again = ours(WEB, 21_001, part)
  await apply(WEB, [again])
  const { labels } = again
  expect(JSON.parse((await client.read(pathOf(WEB, again)))?.data ?? '')).toMatchObject({
    payload: { metadata: labels },
  })
})

test('what comes and goes again and again ends as it should', async () => {
  const [one, other] = [ours(WEB, 21_001), ours(WEB, 21_001, { labels: { a: 'b' } })]
  for (let n = 0; n < 3; n += 1) {
    await apply(WEB, [one])
    await apply(WEB, [other])
    await apply(WEB, [one])
    expect(await client.read(pathOf(WEB, one))).toMatchObject({ version: 2 })
    await apply(WEB, [], [seen(one)])
    expect(await client.read(pathOf(WEB, one))).toBeUndefined()
  }
})

test('further trap: another’s ephemeral znode is not written again under our session, also with our name', async () => {
  const instance = ours(ORDERS, 21_001)
  const { origin, ...unmarked } = instance
  const { id } = registry.sink.normalize(ORDERS, unmarked)
  await client.createEphemeral(pathOf(ORDERS, { ...unmarked, id }))
  expect(origin?.owner).toBe('gw-a')
  await expect(apply(ORDERS, [{ ...unmarked, id }])).rejects.toMatchObject({
    code: 'REGISTRY_CONFLICT',
    retry: false,
  })
  expect((await client.read(pathOf(ORDERS, { ...unmarked, id })))?.session).toBe(
    client.session.id.toString('hex'),
  )
})

test.each([
  [
    'of another class',
    { payload: { '@class': 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance' } },
  ],
  ['without a payload', { payload: null }],
])('a service that is written for other readers is left alone: %s', async (_what, payload) => {
  const data = { ...{ name: 'web', id: 'x', address: '10.0.0.1', port: 20_880 }, ...payload }
  await client.createEphemeral(`${chroot}/services/web/x`, JSON.stringify(data))
  await expect(apply(WEB, [ours(WEB, 21_001)])).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT' })
  expect(await client.children(`${chroot}/services/web`)).toEqual(['x'])
})

test('a service too large for one transaction is written whole', async () => {
  const labels = { long: 'x'.repeat(10_000) }
  const all = Array.from({ length: 120 }, (_, n) => ours(WEB, 21_000 + n, { labels }))
  await apply(WEB, all)
  expect(await client.children(`${chroot}/services/web`)).toHaveLength(120)
  await apply(WEB, [], all)
  expect(await client.children(`${chroot}/services/web`)).toHaveLength(0)
})

test('closing ends the session, and what it wrote is gone at once', async () => {
  const instance = ours(WEB, 21_001)
  await apply(WEB, [instance])
  await registry[Symbol.asyncDispose]()
  expect(await client.read(pathOf(WEB, instance))).toBeUndefined()
  await expect(apply(WEB, [instance])).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
})

test('says what it is and sees', async () => {
  await apply(ORDERS, [ours(ORDERS, 21_001)])
  expect(await registry.describe(AbortSignal.timeout(10_000))).toMatch(
    /^ZooKeeper \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+, dubbo: 1 interfaces, curator: 0 services$/,
  )
})

test('opening alone connects to nothing', async () => {
  await using idle = openForTest('gw-a', { servers: ['[::1]:1'], chroot })
  expect(idle.sink.accepts(WEB)).toBe(true)
  expect(process.getActiveResourcesInfo()).not.toContain('TCPConnectWrap')
})
