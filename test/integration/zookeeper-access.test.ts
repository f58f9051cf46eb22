import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { eventually } from '../support/eventually.ts'
import { follow } from '../support/follower.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { connectZookeeper, type ZookeeperClient } from '../support/zookeeper-client.ts'
import { openForTest, providerOf, type OpenOptions } from '../support/zookeeper-harness.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
const LARGE: ServiceKey = { name: 'com.acme.Large', version: '1.0.0', protocol: 'dubbo' }
const GATEWAYS = { digest: 'gateways:s3cret' } as const

let life: Lifetime
let client: ZookeeperClient
let chroot: string

beforeEach(async () => {
  life = new Lifetime()
  chroot = `/access-${randomUUID()}`
  client = life.use(await connectZookeeper(sharedZookeeper()))
})

afterEach(async () => {
  await life[Symbol.asyncDispose]()
})

function open(owner: string, options: Partial<OpenOptions> = {}): Registry {
  return life.use(openForTest(owner, { servers: [sharedZookeeper()], chroot, ...options }))
}

const limit = (): AbortSignal => AbortSignal.timeout(30_000)

const readable = async (path: string): Promise<boolean> =>
  await client.read(path).then(
    (there) => there !== undefined,
    () => false,
  )

test('owner-writes: everybody reads what we write, nobody else changes it', async () => {
  const gateway = open('gw-a', { ...GATEWAYS, access: 'owner-writes' })
  const instance = exported(gateway, 'gw-a', WEB)
  await put(gateway, WEB, instance)
  const path = `${chroot}/services/web/${instance.id.slice('curator/'.length)}`
  expect(await readable(path)).toBe(true)
  await expect(client.setData(path, 'x')).rejects.toMatchObject({ name: 'NO_AUTH' })
  await expect(client.remove(path)).rejects.toMatchObject({ name: 'NO_AUTH' })
  await put(gateway, WEB, { ...instance, labels: { changed: 'yes' } })
})

test('owner-only: nobody else reads it, and whoever has the digest does', async () => {
  const gateway = open('gw-a', { ...GATEWAYS, access: 'owner-only' })
  const instance = exported(gateway, 'gw-a', ORDERS)
  await put(gateway, ORDERS, instance)
  expect(await readable(`${chroot}/dubbo`)).toBe(false)
  const follower = life.use(follow(open('gw-b', GATEWAYS).source))
  await follower.snapshot()
  expect(follower.instances(ORDERS)).toHaveLength(1)
})

test('a write that an ACL forbids is REGISTRY_REFUSED and names the path', async () => {
  const gateway = open('gw-a', { ...GATEWAYS, access: 'owner-writes' })
  await put(gateway, WEB, exported(gateway, 'gw-a', WEB))
  const stranger = open('gw-b', { digest: 'gateways:wrong' })
  const refused = put(stranger, WEB, exported(stranger, 'gw-b', WEB))
  const path = `${chroot}/services/web/${exported(stranger, 'gw-b', WEB).id.slice('curator/'.length)}`
  await expect(refused).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
    retry: false,
    message: `ZooKeeper refused to write ${path}`,
    details: { path },
  })
  expect(await client.children(`${chroot}/services/web`)).toHaveLength(1)
})

test('an identity that an ACL forbids to claim is said to be so once, and tried again', async () => {
  await open('gw-a', { ...GATEWAYS, access: 'owner-writes' }).presence.claim(limit())
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const said = (text: string): number => lines.filter((line) => line.includes(text)).length
  const ending = new AbortController()
  const claiming = open('gw-b', { digest: 'gateways:wrong', log }).presence.claim(ending.signal)
  await eventually('tried again', () => said('identity not claimed, will retry') >= 2, 20_000)
  expect(said('identity cannot be claimed')).toBe(1)
  ending.abort()
  await expect(claiming).rejects.toBe(ending.signal.reason)
})

test('an ACL that nobody could fulfil is refused before anything is opened', () => {
  const options = { servers: ['127.0.0.1:1'], chroot, access: 'owner-only' } as const
  expect(() => openForTest('gw-a', options)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})

test('fault: a service too large to read is unknown, alone; it is counted, and known again', async () => {
  const metrics = new Metrics()
  const gateway = open('gw-a', { maxReplyBytes: 64 * 1024, metrics })
  const folder = (key: ServiceKey): string => `${chroot}/dubbo/${key.name}/providers`
  const register = async (key: ServiceKey, port: number, filler = ''): Promise<string> => {
    const labels = { methods: filler }
    const { child } = providerOf(key, { host: '10.1.1.1', port, labels })
    await client.createPersistent(`${folder(key)}/${child}`)
    return `${folder(key)}/${child}`
  }
  const paths: string[] = []
  for (let port = 1; port <= 40; port++) paths.push(await register(LARGE, port, 'm'.repeat(2_000)))
  await register(ORDERS, 1)
  const follower = life.use(follow(gateway.source))
  await follower.snapshot()
  expect(follower.events).toMatchObject([{ kind: 'snapshot', unknownNames: [LARGE.name] }])
  const [snapshot] = follower.events
  const reasons = snapshot?.kind === 'snapshot' ? snapshot.reasons : undefined
  expect(reasons?.get(LARGE.name)).toContain('maxReplyBytes')
  expect(follower.instances(ORDERS)).toHaveLength(1)
  await register(ORDERS, 2)
  await follower.until('the others go on', () => follower.instances(ORDERS).length === 2)
  expect(await metrics.registry.metrics()).toContain(
    'isthmus_zookeeper_unreadable_services_total{registry="zk-test"} 1',
  )
  for (const path of paths.slice(1)) await client.remove(path)
  await follower.until('known again', () => follower.instances(LARGE).length === 1, 20_000)
  expect(follower.events.filter(({ kind }) => kind === 'remove')).toEqual([])
})
