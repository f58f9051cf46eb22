import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { errorCode, isRetryable } from '../../src/kernel/errors.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { addressesOf, exported, put } from '../contract/registry-bench.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { openForTest } from '../support/consul-harness.ts'
import { consulProxy, type Tampering } from '../support/consul-proxy.ts'
import { fetch } from '../support/fetch.ts'
import { follow, type Follower } from '../support/follower.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const ORDERS: ServiceKey = { name: 'orders', protocol: 'dubbo', version: '1.0.0' }
const OURS: ServiceKey = { name: 'ours', protocol: 'http' }
const A = { host: '10.1.0.1', port: 8080 }
const B = { host: '10.1.0.2', port: 8080 }

let consul: RealServer
let client: ConsulClient

beforeAll(async () => {
  consul = await startConsul()
  client = new ConsulClient(consul.address)
  await client.register(WEB, A)
  await client.register(WEB, B)
  await client.register(ORDERS, A)
}, 60_000)

afterAll(async () => {
  client.destroy()
  await consul[Symbol.asyncDispose]()
})

interface Scene extends AsyncDisposable {
  readonly registry: Registry
  readonly follower: Follower
}

async function watching(address: string): Promise<Scene> {
  const registry = openForTest('gw-a', address)
  const follower = follow(registry.source)
  await follower.snapshot()
  return {
    registry,
    follower,
    [Symbol.asyncDispose]: async () => {
      await follower[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
      expect(follower.breaches).toEqual([])
    },
  }
}

/** No word, at any time, that something which stands in Consul was gone. */
function expectNothingLost(follower: Follower): void {
  expect(follower.events.filter(({ kind }) => kind === 'remove')).toEqual([])
  for (const event of follower.events) {
    if (event.kind === 'snapshot') {
      const names = event.records.map(({ key }) => key.name)
      expect([...names, ...event.unknownNames]).toEqual(expect.arrayContaining(['orders', 'web']))
    }
    if (event.kind === 'upsert' && event.record.key.name === 'web') {
      expect(event.record.instances.length).toBeGreaterThanOrEqual(2)
    }
  }
}

const snapshots = (follower: Follower): number =>
  follower.events.filter(({ kind }) => kind === 'snapshot').length

test('fault: Consul is killed and restarted: stale, then a snapshot, and nothing is lost', async () => {
  await using scene = await watching(consul.address)
  const { follower } = scene
  await consul.kill()
  await follower.until('stale', () => follower.stale)
  await consul.restart()
  await follower.until('a snapshot', () => !follower.stale && snapshots(follower) > 1, 20_000)
  expectNothingLost(follower)
  await client.register(WEB, { host: '10.1.0.3', port: 8080 })
  await follower.until('a third', () => follower.instances(WEB).length === 3)
  await client.deregister(WEB, { host: '10.1.0.3', port: 8080 })
  await follower.until('two', () => follower.instances(WEB).length === 2)
}, 60_000)

test('fault: failure mode 1: Consul is killed again and again, and what it holds is never told as gone', async () => {
  await using scene = await watching(consul.address)
  const { follower } = scene
  for (const round of [2, 3, 4]) {
    await consul.kill()
    await consul.restart()
    await follower.until(`snapshot ${round}`, () => snapshots(follower) >= round, 20_000)
  }
  expectNothingLost(follower)
}, 90_000)

test('fault: Consul hangs: that is noticed, and it is read anew when it goes on', async () => {
  await using scene = await watching(consul.address)
  const { follower } = scene
  consul.pause()
  try {
    await follower.until('stale', () => follower.stale, 20_000)
  } finally {
    consul.resume()
  }
  await follower.until('a snapshot', () => !follower.stale, 20_000)
  expectNothingLost(follower)
}, 60_000)

test('fault: a write while Consul is down fails for now, and succeeds when it is back', async () => {
  await using scene = await watching(consul.address)
  const { follower, registry } = scene
  await consul.kill()
  const failure: unknown = await put(registry, OURS, exported(registry, 'gw-a', OURS)).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect([errorCode(failure), isRetryable(failure)]).toEqual(['REGISTRY_UNAVAILABLE', true])
  await consul.restart()
  await follower.until('a snapshot', () => !follower.stale && snapshots(follower) > 1, 20_000)
  await put(registry, OURS, exported(registry, 'gw-a', OURS))
  await follower.until('our record', () => follower.instances(OURS).length === 1)
  await client.removeAll('ours')
}, 60_000)

test('fault: both the node and its services are wiped by hand: the next write brings them back', async () => {
  await using scene = await watching(consul.address)
  const { follower, registry } = scene
  const ours = exported(registry, 'gw-a', OURS)
  await put(registry, OURS, ours)
  await follower.until('our record', () => follower.instances(OURS).length === 1)
  await client.consul.catalog.deregister({ node: 'isthmus-gw-a' })
  await follower.until('it is gone', () => follower.instances(OURS).length === 0)
  await put(registry, OURS, ours)
  await follower.until('it is back', () => follower.instances(OURS).length === 1)
  await client.removeAll('ours')
}, 30_000)

const SERVICES = (path: string): boolean => path.startsWith('/v1/catalog/services')
const OF_WEB = (path: string): boolean => path.startsWith('/v1/health/service/web')

/** What a broken or overloaded server, or a proxy before it, answers; and for which requests. */
const ANSWERS: readonly (readonly [string, Tampering])[] = [
  ['500 to everything', () => ({ status: 500, body: 'rpc error: No cluster leader' })],
  ['429 to everything', () => ({ status: 429, body: 'too many connections' })],
  ['an HTML page to everything', () => ({ body: '<html>login</html>' })],
  ['JSON of another shape', () => ({ body: '{"services":[]}' })],
  ['half a list', () => ({ body: '[{"Node":{"Node":"vm-10-1-0-1"' })],
  ['null in place of the names', (path) => (SERVICES(path) ? { body: 'null' } : undefined)],
]

test.each(ANSWERS)(
  'fault: failure mode 2: %s: stale, and nothing is lost',
  async (_, tampering) => {
    await using proxy = await consulProxy(consul.address)
    await using scene = await watching(proxy.address)
    const { follower } = scene
    proxy.tamper(tampering)
    await follower.until('stale', () => follower.stale, 20_000)
    proxy.tamper(undefined)
    await follower.until('a snapshot', () => !follower.stale, 20_000)
    expectNothingLost(follower)
    expect(addressesOf(follower, WEB)).toEqual(['10.1.0.1:8080', '10.1.0.2:8080'])
  },
)

test('fault: one service cannot be read: it alone is in doubt, until it can', async () => {
  await using proxy = await consulProxy(consul.address)
  await using scene = await watching(proxy.address)
  const { follower } = scene
  const doubts = (): boolean =>
    follower.events.some((event) => event.kind === 'stale' && event.name === 'web')
  proxy.tamper((path) => (OF_WEB(path) ? { status: 500, body: 'too large' } : undefined))
  await follower.until('a doubt, or a snapshot without it', () => {
    const last = follower.events.findLast(({ kind }) => kind === 'snapshot')
    return doubts() || (last?.kind === 'snapshot' && last.unknownNames.includes('web'))
  })
  expect(follower.stale).toBe(false)
  const told = follower.events.length
  proxy.tamper(undefined)
  await follower.until('a word about it', () =>
    follower.events.slice(told).some((event) => {
      if (event.kind === 'upsert') return event.record.key.name === 'web'
      return event.kind === 'snapshot' && event.unknownNames.length === 0
    }),
  )
  expectNothingLost(follower)
  expect(addressesOf(follower, WEB)).toHaveLength(2)
})

test.each([
  ['the index goes backwards', '2'],
  ['the index is zero', '0'],
  ['the index is no number', 'x'],
  ['there is no index', ''],
])('fault: %s: everything is read anew', async (_, index) => {
  await using proxy = await consulProxy(consul.address)
  await using scene = await watching(proxy.address)
  const { follower } = scene
  proxy.tamper(() => ({ headers: { 'x-consul-index': index } }))
  await client.register(WEB, { host: '10.1.0.4', port: 8080 })
  await follower.until('the change', () => follower.instances(WEB).length === 3)
  proxy.tamper(undefined)
  await client.deregister(WEB, { host: '10.1.0.4', port: 8080 })
  await follower.until('the next change', () => follower.instances(WEB).length === 2, 20_000)
})

test('a complete read that was asked for begins after that, also while another is under way', async () => {
  await using proxy = await consulProxy(consul.address)
  await using registry = openForTest('gw-a', proxy.address)
  let asked = false
  proxy.tamper((path) => {
    if (OF_WEB(path) && !asked) {
      asked = true
      registry.source.resync()
    }
    return undefined
  })
  await using follower = follow(registry.source)
  await follower.snapshot()
  expect(asked).toBe(true)
  expect(proxy.requests('/v1/catalog/services?consistent')).toBe(2)
  expect(snapshots(follower)).toBe(1)
})

test('fault: a refused token is said at once, and is not asked again', async () => {
  await using proxy = await consulProxy(consul.address)
  await using registry = openForTest('gw-a', proxy.address, { token: 'wrong' })
  proxy.tamper(() => ({ status: 403, body: 'ACL not found' }))
  const events = async (): Promise<void> => {
    for await (const event of registry.source.watch(AbortSignal.timeout(10_000))) {
      expect(event.kind).toBe('stale')
    }
  }
  await expect(events()).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' })
  await expect(put(registry, OURS, exported(registry, 'gw-a', OURS))).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
  })
})

test('fault: a server that lags behind shows one instance less: only what the leader says is gone is gone', async () => {
  await using proxy = await consulProxy(consul.address)
  await using scene = await watching(proxy.address)
  const { follower } = scene
  const web = await fetch(`${consul.address}/v1/health/service/web`)
  const [, ...fewer] = z.array(z.unknown()).parse(await web.json())
  const index = Number(web.headers.get('x-consul-index')) + 1
  const lagging = { body: JSON.stringify(fewer), headers: { 'x-consul-index': `${index}` } }
  // What comes later in Consul's log is later than what the server showed.
  for (const value of ['1', '2']) await client.consul.kv.set({ key: 'elsewhere', value })
  let shown = 0
  proxy.tamper((path) => {
    if (!OF_WEB(path) || path.includes('consistent') || shown > 0) return undefined
    shown += 1
    return lagging
  })
  await follower.until('it has shown that', () => shown === 1, 20_000)
  const third = { host: '10.1.0.3', port: 8080 }
  await client.register(WEB, third)
  await follower.until('the third', () => follower.instances(WEB).length === 3, 20_000)
  await client.deregister(WEB, third)
  await follower.until('two', () => follower.instances(WEB).length === 2, 20_000)
  expectNothingLost(follower)
}, 60_000)

test('caution (h): a service that is gone is not asked for again with every change of another', async () => {
  await using proxy = await consulProxy(consul.address)
  await using scene = await watching(proxy.address)
  const { follower } = scene
  const gone: ServiceKey = { name: 'gone', protocol: 'http' }
  await client.register(gone, A)
  await follower.until('it', () => follower.instances(gone).length === 1)
  await client.deregister(gone, A)
  await follower.until('its end', () => follower.instances(gone).length === 0)
  const before = proxy.requests('/v1/health/service/gone')
  for (const port of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await client.register(OURS, { host: A.host, port })
    await follower.until('the change', () => follower.instances(OURS).length === port)
  }
  // Its end may be confirmed yet, and its watch be on its way: but not once for each of eight.
  expect(proxy.requests('/v1/health/service/gone') - before).toBeLessThanOrEqual(2)
  await client.removeAll('ours')
})
