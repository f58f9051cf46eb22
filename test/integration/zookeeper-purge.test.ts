import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { connectZookeeper, type ZookeeperClient } from '../support/zookeeper-client.ts'
import { openForTest } from '../support/zookeeper-harness.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
const PAYMENTS: ServiceKey = { name: 'com.acme.Payments', protocol: 'dubbo' }

let client: ZookeeperClient
let chroot: string
let gateway: Registry

beforeEach(async () => {
  chroot = `/purge-${randomUUID()}`
  client = await connectZookeeper(sharedZookeeper())
  gateway = open('gw-a')
})

afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
})

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

function open(owner: string): Registry {
  return openForTest(owner, { servers: [sharedZookeeper()], chroot })
}

/** Every znode below `path` with its data, as an operator's tool would print them. */
async function tree(path = chroot): Promise<readonly string[]> {
  const own = await client.read(path)
  const children = await client.children(path)
  const below = await Promise.all(children.map((child) => tree(`${path}/${child}`)))
  return own ? [`${path} ${JSON.stringify(own.data)}`, ...below.flat()].sort() : []
}

/** Others' services, one of them in a folder that we share. */
async function othersRegister(): Promise<void> {
  const provider = encodeURIComponent('dubbo://10.1.1.1:20880/com.acme.Orders?version=1.0.0')
  await client.createPersistent(`${chroot}/dubbo/${ORDERS.name}/providers/${provider}`, '10.1.1.1')
  await client.createPersistent(`${chroot}/dubbo/${PAYMENTS.name}/consumers`)
  const payload = { '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance' }
  const web = { address: '10.1.1.1', port: 80, payload }
  await client.createPersistent(`${chroot}/services/web/1`, JSON.stringify(web))
}

async function write(registry: Registry, owner: string): Promise<readonly Instance[]> {
  await registry.presence.claim(signal())
  await using term = await registry.lease('writer').acquire(signal())
  const written: Instance[] = []
  for (const key of [WEB, ORDERS, PAYMENTS, { name: 'new', protocol: 'http' }]) {
    const instance = exported(registry, owner, key)
    await registry.sink.apply({ key, puts: [instance], removals: [], fence: term.fence }, signal())
    written.push(instance)
  }
  return written
}

test('further trap: purge leaves nothing: a tree that others share is what it was before, byte for byte', async () => {
  await othersRegister()
  const before = await tree()
  await write(gateway, 'gw-a')
  expect(await tree()).not.toEqual(before)
  await gateway.purge('gw-a', { dryRun: false }, signal())
  expect(await tree()).toEqual(before)
})

test('where nothing was before nothing is afterwards, not even the root', async () => {
  await write(gateway, 'gw-a')
  await gateway.purge('gw-a', { dryRun: false }, signal())
  expect(await tree()).toEqual([])
  expect(await gateway.purge('gw-a', { dryRun: false }, signal())).toEqual([])
})

test('a dry run names the places and leaves them', async () => {
  await othersRegister()
  await write(gateway, 'gw-a')
  const before = await tree()
  const told = await gateway.purge('gw-a', { dryRun: true }, signal())
  expect(await tree()).toEqual(before)
  expect(told).toContain(`${chroot}/dubbo/${PAYMENTS.name}/providers`)
  expect(told).not.toContain(`${chroot}/dubbo/${PAYMENTS.name}`)
  expect(await gateway.purge('gw-a', { dryRun: false }, signal())).toEqual(told)
})

test('what another gateway has written stays, and so do the folders it needs', async () => {
  await using other = open('gw-b')
  await write(gateway, 'gw-a')
  await write(other, 'gw-b')
  const places = await gateway.purge('gw-a', { dryRun: false }, signal())
  const left = (await tree()).join('\n')
  expect(left).not.toMatch(/gw-a/)
  expect(left).toMatch(/owners\/gw-b/)
  expect(places.filter((path) => path.includes('gw-b'))).toEqual([])
  expect(await client.children(`${chroot}/services/web`)).toHaveLength(1)
})

test('a folder of a killed gateway goes with the purge of the last one', async () => {
  await write(gateway, 'gw-a')
  await gateway[Symbol.asyncDispose]()
  await using operator = open('operator')
  await operator.purge('gw-a', { dryRun: false }, signal())
  expect(await tree()).toEqual([])
})

test('a record that has lost its mark is known by its name', async () => {
  const instance = exported(gateway, 'gw-a', WEB)
  await put(gateway, WEB, instance)
  const path = `${chroot}/services/web/${instance.id.slice('curator/'.length)}`
  await client.setData(path, '{"address":"10.9.0.1","port":20880}')
  await gateway.purge('gw-a', { dryRun: false }, signal())
  expect(await tree()).toEqual([])
})
