import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { PlainInstance } from '../contract/registry-harness.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { startService, type HttpService } from '../support/http-service.ts'
import { connectZookeeper, endSession, type ZookeeperClient } from '../support/zookeeper-client.ts'
import { CrossingStage, type MeshInstance } from './crossing-stage.ts'
import { CuratorPeer, DETAILS, type CuratorInstance } from './curator.ts'

/** Curator's own service discovery, with a payload that is not Spring's, on either side of ours. */

const ROOT = '/services'
const WITHIN_MS = 30_000
const ORDERS = { name: 'orders', protocol: 'http' }
const ANSWER = 'ok'

const life = new Lifetime()
let stage: CrossingStage
let zookeeper: ZookeeperClient
let peer: CuratorPeer
let service: HttpService

beforeAll(async () => {
  stage = life.use(await CrossingStage.open({ registry: { curatorPayloadClass: DETAILS } }))
  zookeeper = life.use(await connectZookeeper(stage.zookeeper.address))
  peer = life.use(await CuratorPeer.start(stage.zookeeper.address, ROOT))
  service = life.use(await startService(() => undefined))
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const instance = (labels: Readonly<Record<string, string>> = {}): PlainInstance => ({
  host: '127.0.0.1',
  port: service.port,
  labels,
})

async function answerOf(address: string): Promise<string> {
  return await (await fetch(`http://${address}/`)).text()
}

const addressOf = ({ address, port }: CuratorInstance): string => `${address}:${port}`

describe('what the gateway writes', () => {
  beforeAll(() => stage.register(ORDERS, instance({ team: 'shop' })))

  test('is found by name, is what stands in ZooKeeper, and is called', async () => {
    const [found] = await eventually('orders is found', async () => {
      const instances = await peer.find('orders')
      return instances.length === 1 && instances
    })
    const { id = '' } = found ?? {}
    expect(await peer.names()).toEqual(['orders'])
    const znode = await zookeeper.read(`${ROOT}/orders/${id}`)
    const said = JSON.parse(znode?.data ?? '') as { payload: { metadata: object } }
    expect(said.payload.metadata).toMatchObject({ team: 'shop' })
    // All fields as Curator would write them itself, but for what its class does not have.
    expect(found).toEqual({
      ...said,
      payload: { '@class': DETAILS, metadata: said.payload.metadata },
    })
    expect(found && (await answerOf(addressOf(found)))).toBe(ANSWER)
  })

  test('is followed by a cache: there, changed, gone, there again', async () => {
    await peer.watch('orders')
    expect(await peer.cached('orders')).toEqual(await peer.find('orders'))
    await stage.register(ORDERS, instance({ team: 'depot' }))
    await isCached('says depot', (all) => all.length === 1 && JSON.stringify(all).includes('depot'))
    await stage.deregister(ORDERS, instance())
    await isCached('is gone', ({ length }) => length === 0)
    await stage.register(ORDERS, instance())
    await isCached('is back', ({ length }) => length === 1)
  }, 90_000)

  test('goes with the session of a gateway that is killed, and comes back with it', async () => {
    const [before] = await peer.cached('orders')
    await stage.gateways[0]?.kill()
    await isCached('is gone', ({ length }) => length === 0)
    await stage.gateways[0]?.start()
    await isCached('is back', ({ length }) => length === 1)
    expect(await peer.cached('orders')).toEqual([before])
  }, 90_000)
})

async function isCached(
  what: string,
  holds: (instances: readonly CuratorInstance[]) => boolean,
): Promise<void> {
  const look = async (): Promise<boolean> => holds(await peer.cached('orders'))
  await eventually(`orders ${what}`, look, WITHIN_MS)
}

describe('what Curator registers', () => {
  const isInMesh = async (what: string, count: number): Promise<readonly MeshInstance[]> =>
    await eventually(
      `billing ${what} in Consul`,
      async () => {
        const instances = await stage.inConsul('billing')
        return instances.length === count && instances
      },
      WITHIN_MS,
    )

  test('stands in Consul with its labels, is called, and goes when it is taken back', async () => {
    await peer.register('billing', instance(), 'money')
    const [found] = await isInMesh('is there', 1)
    expect(found?.meta).toMatchObject({ team: 'money' })
    expect(found && (await answerOf(found.address))).toBe(ANSWER)
    await peer.unregister('billing')
    await isInMesh('is gone', 0)
  }, 60_000)

  test('is there again after its session has ended, and goes when it is killed', async () => {
    const id = await peer.register('billing', instance(), 'money')
    await isInMesh('is there', 1)
    const path = `${ROOT}/billing/${id}`
    const { session = '' } = (await zookeeper.read(path)) ?? {}
    await endSession(stage.zookeeper.address, session)
    await eventually(
      'Curator has registered again',
      async () => {
        const znode = await zookeeper.read(path)
        return znode !== undefined && znode.session !== session
      },
      WITHIN_MS,
    )
    const [found] = await isInMesh('is there again', 1)
    expect(found && (await answerOf(found.address))).toBe(ANSWER)
    await peer[Symbol.asyncDispose]()
    await isInMesh('is gone', 0)
  }, 90_000)
})
