import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { Connection } from '../../adapters/connections/zookeeper/connection.ts'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import { applicationZnodes, map, type ApplicationProvider } from '../support/dubbo-application.ts'
import { eventually } from '../support/eventually.ts'
import type { Follower } from '../support/follower.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { Corner } from '../support/zookeeper-corner.ts'
import { providerOf, springInstanceOf } from '../support/zookeeper-harness.ts'

const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
const STOCK: ServiceKey = { name: 'com.acme.Stock', group: 'blue', protocol: 'tri' }
const HOST = '10.1.0.1'
const SHOP: ApplicationProvider = {
  ...{ app: 'shop', host: HOST, port: 20_880 },
  services: [{ key: ORDERS, params: { timeout: '300' } }],
}

let corner: Corner

beforeEach(async () => {
  corner = await Corner.begin(sharedZookeeper())
})

afterEach(async () => {
  await corner[Symbol.asyncDispose]()
})

async function onInterfaceLevel(params: Record<string, string> = {}): Promise<string> {
  const { child } = providerOf(ORDERS, { host: HOST, port: 20_880, labels: params })
  const path = corner.path('dubbo', ORDERS.name, 'providers', child)
  await corner.client.createEphemeral(path)
  return path
}

function addresses(follower: Follower, key: ServiceKey): readonly string[] {
  return follower.instances(key).map(({ host, port }) => `${host}:${port}`)
}

function only(follower: Follower, key: ServiceKey): Instance | undefined {
  expect(follower.instances(key)).toHaveLength(1)
  return follower.instances(key)[0]
}

function unknownNames(follower: Follower): readonly string[] {
  return follower.events.flatMap((event) => (event.kind === 'snapshot' ? event.unknownNames : []))
}

describe('what a provider serves is in the metadata that it names', () => {
  test('services, their parameters and who keeps them', async () => {
    await corner.provide({ ...SHOP, metadata: { ipv6: 'fd00::1', timestamp: '1674960780647' } })
    const follower = await corner.read()
    expect(follower.records.size).toBe(1)
    expect(only(follower, ORDERS)).toEqual({
      id: `dubbo-application/shop/${HOST}:20880`,
      ...{ host: HOST, port: 20_880, health: 'passing', weight: 100, keptBy: 'other-session' },
      labels: {
        ...{ application: 'shop', interface: ORDERS.name, timeout: '300' },
        ...{ ipv6: 'fd00::1', timestamp: '1674960780647' },
      },
    })
  })

  test('each protocol has its port, and a port in the metadata wins', async () => {
    const other = { ...ORDERS, version: '2.0.0' }
    await corner.provide({
      ...SHOP,
      ports: { dubbo: 20_880, tri: 50_051 },
      services: [{ key: ORDERS }, { key: STOCK }, { key: other, port: 20_999 }],
    })
    const follower = await corner.read()
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`])
    expect(addresses(follower, STOCK)).toEqual([`${HOST}:50051`])
    expect(addresses(follower, other)).toEqual([`${HOST}:20999`])
  })

  test('two instances of one revision, each at its own port', async () => {
    await corner.provide(SHOP)
    await corner.provide({ ...SHOP, port: 20_881 })
    const follower = await corner.read()
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`, `${HOST}:20881`])
  })

  test.each([
    ['disabled', { disabled: 'true' }, { health: 'critical' }],
    ['not enabled', { enabled: 'false' }, { health: 'critical' }],
    ['a weight of the instance', { weight: '0' }, { weight: 0 }],
  ])('an instance may say of itself: %s', async (_, metadata, expected) => {
    await corner.provide({ ...SHOP, metadata })
    expect(only(await corner.read(), ORDERS)).toMatchObject(expected)
  })

  test('revision 0 exports nothing', async () => {
    await corner.provide({ ...SHOP, revision: '0' })
    const follower = await corner.read()
    expect(follower.records.size).toBe(0)
    expect(unknownNames(follower)).toEqual([])
  })

  test('a new revision moves the instance to what it now serves, and nothing else', async () => {
    await corner.provide({ ...SHOP, services: [{ key: ORDERS }, { key: STOCK }] })
    const follower = await corner.read()
    const { metadata, instance } = applicationZnodes({ ...SHOP, services: [{ key: STOCK }] })
    await corner.client.createPersistent(`${corner.chroot}${metadata.path}`, metadata.data)
    await corner.client.setData(`${corner.chroot}${instance.path}`, instance.data)
    await follower.until('the other is gone', () => follower.records.size === 1)
    expect(addresses(follower, STOCK)).toEqual([`${HOST}:20880`])
    expect(follower.events.filter(({ kind }) => kind === 'remove')).toEqual([
      { kind: 'remove', key: ORDERS },
    ])
  })

  test('instances of Spring Cloud under the same name are told apart, one by one', async () => {
    const web = { name: 'shop', protocol: 'http' }
    await corner.provide(SHOP)
    const { child, data } = springInstanceOf(web, { host: '10.1.0.2', port: 8080 })
    await corner.client.createEphemeral(corner.path('services/shop', child), data)
    const follower = await corner.read()
    expect(addresses(follower, web)).toEqual(['10.1.0.2:8080'])
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`])
    expect(follower.records.size).toBe(2)
  })

  test("further trap: dubbo-admin's configurators under an application, which are no JSON, harm nobody", async () => {
    await corner.provide(SHOP)
    await corner.client.createPersistent(
      corner.path('services/shop/configurators/override%3A%2F%2F0.0.0.0%2Fshop'),
      '10.0.0.9',
    )
    const follower = await corner.read()
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`])
    expect(unknownNames(follower)).toEqual([])
  })
})

describe('both levels of one provider', () => {
  test('caution (k): register-mode all gives one instance, as the interface level says', async () => {
    await corner.provide(SHOP)
    await onInterfaceLevel({ weight: '50', timeout: '900' })
    const follower = await corner.read()
    expect(only(follower, ORDERS)).toMatchObject({ weight: 50, labels: { timeout: '900' } })
  })

  test('failure mode 6: an address is gone when the last of its znodes is', async () => {
    await corner.provide(SHOP)
    const path = await onInterfaceLevel({ weight: '50' })
    const follower = await corner.read()
    await corner.client.remove(path)
    await follower.until('the other level', () => follower.instances(ORDERS)[0]?.weight === 100)
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`])
    await corner.client.remove(corner.path(`services/shop/${HOST}:20880`))
    await follower.until('nothing', () => follower.records.size === 0)
    expect(follower.events.filter(({ kind }) => kind === 'remove')).toHaveLength(1)
  })
})

describe('metadata that the provider keeps to itself (storage-type local)', () => {
  const LOCAL: ApplicationProvider = { ...SHOP, storage: 'local' }

  test('who also stands on interface level is known by that', async () => {
    await corner.provide(LOCAL)
    await onInterfaceLevel()
    await map(corner.client, corner.chroot, 'com.acme.MovedAway', 'shop')
    const follower = await corner.read()
    expect(addresses(follower, ORDERS)).toEqual([`${HOST}:20880`])
    expect(unknownNames(follower)).toEqual([])
    await corner.client.remove(corner.path(`services/shop/${HOST}:20880`))
    await corner.provide({ ...SHOP, app: 'other', host: '10.1.0.2', services: [{ key: STOCK }] })
    await follower.until('a later change', () => addresses(follower, STOCK).length === 1)
    expect(follower.events.map(({ kind }) => kind)).not.toContain('stale')
  })

  test('else all that the mapping gives its application is unknown, and not empty', async () => {
    await corner.provide(LOCAL)
    await corner.provide({ ...SHOP, app: 'other', host: '10.1.0.2', services: [{ key: STOCK }] })
    const follower = await corner.read()
    expect(unknownNames(follower)).toEqual([ORDERS.name])
    expect(addresses(follower, STOCK)).toEqual(['10.1.0.2:20880'])
  })

  test('of an application that no mapping names, its own name is unknown', async () => {
    const { instance } = applicationZnodes(LOCAL)
    await corner.client.createEphemeral(`${corner.chroot}${instance.path}`, instance.data)
    expect(unknownNames(await corner.read())).toEqual(['shop'])
  })

  test('it is known once the metadata of its revision is in the registry, or it has gone', async () => {
    await corner.provide(LOCAL)
    const follower = await corner.read()
    const { metadata } = applicationZnodes(LOCAL)
    await corner.client.createPersistent(`${corner.chroot}${metadata.path}`, metadata.data)
    await follower.until('it', () => addresses(follower, ORDERS)[0] === `${HOST}:20880`)
    const { instance } = applicationZnodes({ ...LOCAL, services: [{ key: STOCK }] })
    await corner.client.setData(`${corner.chroot}${instance.path}`, instance.data)
    await follower.until('a doubt', () =>
      follower.events.some((event) => event.kind === 'stale' && event.name === ORDERS.name),
    )
    await corner.client.remove(`${corner.chroot}${instance.path}`)
    await follower.until('the end', () => follower.records.size === 0)
    expect(follower.events.at(-1)).toEqual({ kind: 'remove', key: ORDERS })
  })

  test('failure mode 2: with a mapping that cannot be read nothing is told at all', async () => {
    await corner.provide(LOCAL)
    await corner.client.forbid(corner.path('dubbo/mapping'), true)
    const registry = corner.open('reader')
    const reading = corner.read(registry)
    await expect(Promise.race([reading, settled(corner)])).resolves.toBe('nothing was told')
    await corner.client.forbid(corner.path('dubbo/mapping'), false)
    expect(unknownNames(await reading)).toEqual([ORDERS.name])
  })
})

test('failure mode 15: metadata that may not be read is tried again as often, however much changes meanwhile', async () => {
  const calm: ApplicationProvider = { ...SHOP, app: 'calm', host: '10.1.0.2' }
  for (const one of [SHOP, calm]) {
    await corner.provide(one)
    const { metadata } = applicationZnodes(one)
    await corner.client.forbid(`${corner.chroot}${metadata.path}`, true)
  }
  const read = jest.spyOn(Connection.prototype, 'data')
  const triesOf = (app: string): number =>
    read.mock.calls.filter(([path]) => path.includes(`/metadata/${app}/`)).length
  await corner.read()
  const before = triesOf('shop')
  const { instance } = applicationZnodes(SHOP)
  for (let n = 1; n <= 60; n += 1) {
    await corner.client.setData(`${corner.chroot}${instance.path}`, instance.data)
    await eventually('it was looked at', () => triesOf('shop') >= before + n)
  }
  const [shop, other] = [triesOf('shop'), triesOf('calm')]
  await eventually('the other one was tried again', () => triesOf('calm') >= other + 3, 20_000)
  expect(triesOf('shop') - shop).toBeLessThanOrEqual(6)
  read.mockRestore()
})

/** Resolves when a reader that may see everything, begun later, has told what there is. */
async function settled(corner: Corner): Promise<string> {
  const bystander = await Corner.begin(sharedZookeeper())
  await bystander.read()
  await bystander[Symbol.asyncDispose]()
  await corner.client.children(corner.chroot)
  return 'nothing was told'
}
