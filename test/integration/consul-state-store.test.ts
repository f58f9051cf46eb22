import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ConsulStateStore } from '../../adapters/state-stores/consul/state-store.ts'
import { describeStateStoreContract } from '../contract/state-store.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

let consul: RealServer
let client: ConsulClient

beforeAll(async () => {
  consul = await startConsul()
  client = new ConsulClient(consul.address)
}, 60_000)

afterAll(async () => {
  client.destroy()
  await consul[Symbol.asyncDispose]()
})

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** Stores on one Consul, empty at first. */
class Stores implements AsyncDisposable {
  readonly #opened: ConsulStateStore[] = []

  open(): Promise<ConsulStateStore> {
    const store = new ConsulStateStore({ url: consul.address })
    this.#opened.push(store)
    return Promise.resolve(store)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((store) => store[Symbol.asyncDispose]()))
    await client.consul.kv.del({ key: 'isthmus/state/', recurse: true })
  }
}

describeStateStoreContract('Consul', () => Promise.resolve(new Stores()))

test('the ports of 30,000 services fit', async () => {
  await using stores = new Stores()
  const store = await stores.open()
  const ports = Array.from({ length: 30_000 }, (_, n) => [`http:some-service-${n}`, 20_000 + n])
  const value = JSON.stringify(Object.fromEntries(ports))
  const version = await store.save('ports', value, undefined, signal())
  expect(await store.load('ports', signal())).toEqual({ value, version })
})

test('what is too long for Consul is refused with the limit, and the old value stays', async () => {
  await using stores = new Stores()
  const store = await stores.open()
  const version = await store.save('ports', 'old', undefined, signal())
  const long = randomBytes(400_000).toString('hex')
  await expect(store.save('ports', long, version, signal())).rejects.toMatchObject({
    code: 'STATE_UNAVAILABLE',
    retry: false,
    details: { key: 'isthmus/state/ports', mostBytes: 389_120 },
  })
  expect(await store.load('ports', signal())).toEqual({ value: 'old', version })
})

test('the longest value that is taken is taken by Consul too', async () => {
  await using stores = new Stores()
  const store = await stores.open()
  // Random text as dense as gzip can make it: a little below the limit once it is compressed.
  const value = randomBytes(285_000).toString('base64')
  const version = await store.save('ports', value, undefined, signal())
  expect(await store.load('ports', signal())).toEqual({ value, version })
})

test('a version of another store is a conflict, not a value', async () => {
  await using stores = new Stores()
  const store = await stores.open()
  await expect(store.save('ports', 'x', '1700.5', signal())).rejects.toMatchObject({
    code: 'STATE_CONFLICT',
  })
})

test('fault: Consul is down: the state is unavailable for now, never empty', async () => {
  await using stores = new Stores()
  const store = await stores.open()
  const version = await store.save('ports', 'kept', undefined, signal())
  await consul.kill()
  const down = { code: 'STATE_UNAVAILABLE', retry: true }
  await expect(store.load('ports', signal())).rejects.toMatchObject(down)
  await expect(store.save('ports', 'new', version, signal())).rejects.toMatchObject(down)
  await consul.restart()
  expect(await store.load('ports', signal())).toEqual({ value: 'kept', version })
}, 60_000)
