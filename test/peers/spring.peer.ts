import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { PlainInstance } from '../contract/registry-harness.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { startService, type HttpService } from '../support/http-service.ts'
import { CrossingStage, type MeshInstance } from './crossing-stage.ts'
import { SpringPeer, type SpringInstance } from './spring.ts'

/** A Spring Boot application with Spring Cloud Zookeeper, as it configures itself. */

const WITHIN_MS = 30_000
const ORDERS = { name: 'orders', protocol: 'http' }

const life = new Lifetime()
let stage: CrossingStage
let peer: SpringPeer
let service: HttpService

beforeAll(async () => {
  stage = life.use(await CrossingStage.open())
  const { address: zookeeper } = stage.zookeeper
  const metadata = { team: 'money' }
  peer = life.use(await SpringPeer.start({ application: 'billing', zookeeper, metadata }))
  service = life.use(await startService(() => undefined))
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const instance = (): PlainInstance => ({ host: '127.0.0.1', port: service.port })

async function answerOf(uri: string): Promise<string> {
  return await (await fetch(uri)).text()
}

async function inMesh(what: string, count: number): Promise<readonly MeshInstance[]> {
  return await eventually(
    `billing ${what} in Consul`,
    async () => {
      const instances = await stage.inConsul('billing')
      return instances.length === count && instances
    },
    WITHIN_MS,
  )
}

async function found(count: number): Promise<readonly SpringInstance[]> {
  return await eventually(
    `Spring finds ${count} of orders`,
    async () => {
      const instances = await peer.find('orders')
      return instances.length === count && instances
    },
    WITHIN_MS,
  )
}

test('what the gateway writes is found with its metadata and called, until it is gone', async () => {
  await stage.register(ORDERS, { ...instance(), labels: { team: 'shop' } })
  const [orders] = await found(1)
  expect(await peer.names()).toEqual(['orders'])
  expect(orders).toMatchObject({
    service: 'orders',
    metadata: { team: 'shop', instance_status: 'UP' },
  })
  expect(await answerOf(orders?.uri ?? '')).toBe('ok')
  await stage.deregister(ORDERS, instance())
  await found(0)
}, 60_000)

test('what Spring registers stands in Consul with its metadata and is called', async () => {
  await peer.register(service.port)
  const [billing] = await inMesh('is there', 1)
  expect(billing?.meta).toMatchObject({ team: 'money' })
  expect(billing?.meta).not.toHaveProperty('instance_status')
  expect(await answerOf(`http://${billing?.address}/`)).toBe('ok')
}, 60_000)

test('what Spring takes out of service goes, and comes back when it is up', async () => {
  await peer.setStatus('OUT_OF_SERVICE')
  await inMesh('is gone', 0)
  await peer.setStatus('UP')
  await inMesh('is back', 1)
}, 60_000)

test('an application that is killed goes with its session', async () => {
  await peer[Symbol.asyncDispose]()
  expect(await inMesh('is gone', 0)).toEqual([])
}, 60_000)
