import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { javaEncode } from '../../adapters/registries/zookeeper/dubbo-url.ts'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Follower } from '../support/follower.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'
import { apply, asWritten, Corner } from '../support/zookeeper-corner.ts'
import { providerOf, springInstanceOf } from '../support/zookeeper-harness.ts'

const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const A = { host: '10.1.0.1', port: 20_880 }

let corner: Corner

beforeEach(async () => {
  corner = await Corner.begin(sharedZookeeper())
})

afterEach(async () => {
  await corner[Symbol.asyncDispose]()
})

/** Registers on interface level; returns the znode. */
async function register(
  labels: Record<string, string> = {},
  { key = ORDERS, ...at }: { key?: ServiceKey; host?: string; port?: number } = {},
): Promise<string> {
  const { child } = providerOf(key, { ...A, ...at, labels })
  const path = corner.path('dubbo', key.name, 'providers', child)
  await corner.client.createEphemeral(path)
  return path
}

async function override(query: string): Promise<string> {
  const url = `override://0.0.0.0/${ORDERS.name}?category=configurators&version=1.0.0&${query}`
  const path = corner.path('dubbo', ORDERS.name, 'configurators', javaEncode(url))
  await corner.client.createPersistent(path)
  return path
}

function first(follower: Follower, key: ServiceKey): Instance | undefined {
  return follower.instances(key)[0]
}

function removed(follower: Follower): readonly string[] {
  return follower.events.flatMap((event) => (event.kind === 'remove' ? [event.key.name] : []))
}

describe('providers come, go and come back', () => {
  test('failure mode 3: the last instance does go', async () => {
    const path = await register()
    const follower = await corner.read()
    await corner.client.remove(path)
    await follower.until('nothing', () => follower.records.size === 0)
    expect(removed(follower)).toEqual([ORDERS.name])
  })

  test('failure mode 6: a restart on the same address survives the end of its old znode', async () => {
    const old = await register({ timestamp: '1000' })
    const follower = await corner.read()
    await register({ timestamp: '2000' })
    await follower.until('the new', () => first(follower, ORDERS)?.labels['timestamp'] === '2000')
    expect(follower.instances(ORDERS)).toHaveLength(1)
    await corner.client.remove(old)
    await register({}, { port: 20_881 })
    await follower.until('a later change', () => follower.instances(ORDERS).length === 2)
    expect(follower.instances(ORDERS).map(({ port }) => port)).toEqual(
      expect.arrayContaining([20_880, 20_881]),
    )
    expect(removed(follower)).toEqual([])
  })

  test('caution (d): a provider with dynamic=false is a record, and outlives who wrote it', async () => {
    const writer = await connectZookeeper(sharedZookeeper())
    const { child } = providerOf(ORDERS, { ...A, labels: { dynamic: 'false' } })
    await writer.createPersistent(corner.path('dubbo', ORDERS.name, 'providers', child))
    const follower = await corner.read()
    await writer[Symbol.asyncDispose]()
    await register({}, { port: 20_881 })
    await follower.until('a later change', () => follower.instances(ORDERS).length === 2)
    const keepers = new Map(follower.instances(ORDERS).map(({ port, keptBy }) => [port, keptBy]))
    expect(keepers).toEqual(
      new Map([
        [20_880, 'record'],
        [20_881, 'other-session'],
      ]),
    )
    expect(removed(follower)).toEqual([])
  })

  test('a container that the server has removed is made anew for the next instance', async () => {
    await corner.client.createPersistent(corner.path('services'))
    await corner.client.createContainer(corner.path('services/web'))
    const { child, data } = springInstanceOf(WEB, { host: '10.1.0.1', port: 8080 })
    await corner.client.createEphemeral(corner.path('services/web', child), data)
    const gateway = corner.open('gw-a')
    const follower = await corner.read(gateway)
    const ours = asWritten(gateway, 'gw-a', WEB)
    await apply(gateway, WEB, [ours])
    await follower.until('both', () => follower.instances(WEB).length === 2)
    await apply(gateway, WEB, [], [ours])
    await corner.client.remove(corner.path('services/web', child))
    await corner.client.remove(corner.path('services/web'))
    await follower.until('nothing', () => follower.records.size === 0)
    await apply(gateway, WEB, [ours])
    await follower.until('it again', () => first(follower, WEB)?.id === ours.id)
  })
})

describe('what providers say is what is seen', () => {
  test('caution (c): no version is not version 0.0.0', async () => {
    const plain = { name: ORDERS.name, protocol: 'dubbo' }
    await register({}, { key: plain })
    await register({}, { key: { ...plain, version: '0.0.0' }, port: 20_881 })
    const follower = await corner.read()
    expect(first(follower, plain)?.port).toBe(20_880)
    expect(first(follower, { ...plain, version: '0.0.0' })?.port).toBe(20_881)
    expect(follower.records.size).toBe(2)
  })

  test('caution (a): weight 0 is read and written as 0', async () => {
    await register({ weight: '0' })
    const gateway = corner.open('gw-a')
    const follower = await corner.read(gateway)
    expect(first(follower, ORDERS)?.weight).toBe(0)
    const ours = asWritten(gateway, 'gw-a', ORDERS, { weight: 0 })
    await apply(gateway, ORDERS, [ours])
    await follower.until('ours', () => follower.instances(ORDERS).length === 2)
    expect(follower.instances(ORDERS).map(({ weight }) => weight)).toEqual([0, 0])
  })

  test('the weight of a method is carried as a label', async () => {
    await register({ 'sayHello.weight': '50' })
    expect(first(await corner.read(), ORDERS)).toMatchObject({
      ...{ weight: 100, labels: { 'sayHello.weight': '50' } },
    })
  })

  test.each(['fd00::1', 'orders-7.acme.internal', 'DESKTOP-26GC398'])(
    'a host may be %s',
    async (host) => {
      const url = `dubbo://${host.includes(':') ? `[${host}]` : host}:20880/x?version=1.0.0`
      const path = corner.path('dubbo', ORDERS.name, 'providers', javaEncode(url))
      await corner.client.createEphemeral(path)
      const gateway = corner.open('gw-a')
      const follower = await corner.read(gateway)
      expect(first(follower, ORDERS)).toMatchObject({ host, port: 20_880 })
      const ours = asWritten(gateway, 'gw-a', ORDERS, { host, port: 21_000 })
      await apply(gateway, ORDERS, [ours])
      await follower.until('ours', () => follower.instances(ORDERS).length === 2)
      await apply(gateway, ORDERS, [], [ours])
      await follower.until('one', () => follower.instances(ORDERS).length === 1)
    },
  )

  test('caution (f): what Java encodes in another way is found, and can be taken away again', async () => {
    const key = { ...ORDERS, name: 'com.acme.Odd (it) is!~', group: "a'b *c" }
    const gateway = corner.open('gw-a')
    const follower = await corner.read(gateway)
    const ours = asWritten(gateway, 'gw-a', key, { labels: { tilde: '~!*', plus: 'a+b c' } })
    await apply(gateway, key, [ours])
    await follower.until('ours', () => follower.instances(key).length === 1)
    expect(first(follower, key)?.labels).toMatchObject({ tilde: '~!*', plus: 'a+b c' })
    expect(await corner.client.children(corner.path('dubbo'))).toEqual([
      'com.acme.Odd+%28it%29+is%21%7E',
    ])
    await apply(gateway, key, [], [ours])
    await follower.until('none', () => follower.records.size === 0)
  })

  test("Dubbo's own folders beside the interfaces are none", async () => {
    for (const folder of ['config/x', 'metadata/com.acme.Orders/1.0.0', 'mapping/com.acme.Orders'])
      await corner.client.createPersistent(corner.path('dubbo', folder), 'data')
    const follower = await corner.read()
    expect(follower.records.size).toBe(0)
    expect(follower.events).toEqual([{ kind: 'snapshot', records: [], unknownNames: [] }])
  })

  test('caution (e): instances of any class are read, none is written beside another class', async () => {
    const data = { name: 'web', id: 'x', address: '10.0.0.1', port: 80 }
    const payload = { '@class': 'com.acme.OwnPayload', metadata: { team: 'blue' } }
    await corner.client.createEphemeral(
      corner.path('services/web/x'),
      JSON.stringify({ ...data, payload }),
    )
    const gateway = corner.open('gw-a')
    const follower = await corner.read(gateway)
    expect(first(follower, WEB)).toMatchObject({ host: '10.0.0.1', labels: { team: 'blue' } })
    const writing = apply(gateway, WEB, [asWritten(gateway, 'gw-a', WEB)])
    await expect(writing).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT', retry: false })
    expect(await corner.client.children(corner.path('services/web'))).toEqual(['x'])
  })

  test('readers of Spring Cloud find the uriSpec and the status that they go by', async () => {
    const gateway = corner.open('gw-a')
    const ours = asWritten(gateway, 'gw-a', WEB, { health: 'critical' })
    await apply(gateway, WEB, [ours])
    const tree = await corner.tree()
    const [written = ''] = Object.values(tree).filter((text) => text.includes('uriSpec'))
    expect(JSON.parse(written.replace(' (ephemeral)', ''))).toMatchObject({
      payload: { metadata: { instance_status: 'OUT_OF_SERVICE' } },
      uriSpec: { parts: expect.arrayContaining([{ value: 'port', variable: true }]) as unknown },
    })
  })
})

describe('failure mode 12: what operators set beside the providers is seen', () => {
  test('disabled, and enabled again', async () => {
    await register()
    const follower = await corner.read()
    const path = await override('disabled=true')
    await follower.until('disabled', () => first(follower, ORDERS)?.health === 'critical')
    await corner.client.remove(path)
    await follower.until('enabled', () => first(follower, ORDERS)?.health === 'passing')
  })

  test('it is there from the first snapshot on, and before the first provider', async () => {
    await override('weight=7&sayHello.weight=3')
    await register()
    const follower = await corner.read()
    expect(first(follower, ORDERS)).toMatchObject({ weight: 7, labels: { 'sayHello.weight': '3' } })
    await override('weight=8&priority=1')
    await follower.until('the other', () => first(follower, ORDERS)?.weight === 8)
  })

  test('what we wrote is seen as it stands there, so that it is not written for ever', async () => {
    await override('weight=7&disabled=true')
    const gateway = corner.open('gw-a')
    const follower = await corner.read(gateway)
    const ours = asWritten(gateway, 'gw-a', ORDERS)
    await apply(gateway, ORDERS, [ours])
    await follower.until('ours', () => follower.instances(ORDERS).length === 1)
    expect(first(follower, ORDERS)).toMatchObject({ weight: 100, health: 'passing' })
  })

  test('overrides that cannot be read leave the interface unknown, not as it was', async () => {
    await register()
    await override('disabled=true')
    const folder = corner.path('dubbo', ORDERS.name, 'configurators')
    await corner.client.forbid(folder, true)
    const follower = await corner.read()
    expect(follower.events[0]).toMatchObject({ unknownNames: [ORDERS.name] })
    await corner.client.forbid(folder, false)
    await follower.until('known', () => follower.events.at(-1)?.kind === 'upsert')
    expect(first(follower, ORDERS)?.health).toBe('critical')
  })
})
