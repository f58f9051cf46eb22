import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { ZookeeperStateStore } from '../../adapters/state-stores/zookeeper/state-store.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { describeStateStoreContract } from '../contract/state-store.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { tearingProxy } from '../support/tearing-proxy.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

function open(chroot: string, server = sharedZookeeper()): ZookeeperStateStore {
  const options = { servers: [server], sessionTimeoutMs: 2_000, chroot, root: '/isthmus/state' }
  return new ZookeeperStateStore(options, silentLog)
}

const anyChroot = (): string => `/state-${randomUUID()}`

describeStateStoreContract('ZooKeeper', () => {
  const chroot = anyChroot()
  const life = new Lifetime()
  return Promise.resolve({
    open: () => Promise.resolve(life.use(open(chroot))),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  })
})

describe('state store on ZooKeeper', () => {
  test('a long value is kept whole, in less room', async () => {
    const chroot = anyChroot()
    await using store = open(chroot)
    const value = JSON.stringify(Array.from({ length: 100_000 }, (_, n) => `service-${n}`))
    const version = await store.save('ports', value, undefined, signal())
    expect(await store.load('ports', signal())).toEqual({ value, version })
    await using client = await connectZookeeper(sharedZookeeper())
    const znode = await client.read(`${chroot}/isthmus/state/ports`)
    expect(znode?.data.length).toBeLessThan(value.length / 3)
  })
  test('what no server would take is refused before it is sent, and says how much is too much', async () => {
    await using store = open(anyChroot())
    const value = randomBytes(1024 * 1024).toString('base64')
    await expect(store.save('ports', value, undefined, signal())).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      retry: false,
      details: { characters: value.length, mostBytes: 1_044_480 },
    })
    expect(await store.load('ports', signal())).toBeUndefined()
  })
  test('fault: a damaged value is not taken for nothing', async () => {
    const chroot = anyChroot()
    await using client = await connectZookeeper(sharedZookeeper())
    await client.createPersistent(`${chroot}/isthmus/state/ports`, '\u001f')
    await client.setBytes(`${chroot}/isthmus/state/ports`, Buffer.from([0x1f, 0x8b, 0, 0]))
    await using store = open(chroot)
    await expect(store.load('ports', signal())).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
    })
  })
  test('fault: no server answers: it can tell neither way, and is there again afterwards', async () => {
    await using proxy = await tearingProxy(sharedZookeeper())
    await using store = open(anyChroot(), proxy.address)
    const version = await store.save('ports', 'one', undefined, signal())
    proxy.cut(true)
    const failure = { code: 'STATE_UNAVAILABLE', retry: true }
    await expect(store.load('ports', signal())).rejects.toMatchObject(failure)
    await expect(store.save('ports', 'two', version, signal())).rejects.toMatchObject(failure)
    proxy.cut(false)
    expect(await store.load('ports', signal())).toEqual({ value: 'one', version })
  })
})
