import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { zookeeperCode } from '../../adapters/connections/zookeeper/znode-errors.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { Instance } from '../../src/registry/model.ts'
import { eventually } from '../support/eventually.ts'
import {
  startZookeeperEnsemble,
  type ZookeeperEnsemble,
} from '../support/servers/zookeeper-ensemble.ts'
import { tearingProxy, type TearingProxy } from '../support/tearing-proxy.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'
import { ORDERS, Scene, WEB } from '../support/zookeeper-scene.ts'

const NODE_EXISTS = -110
const THIRD = { host: '10.1.0.3', port: 1 }

let life: Lifetime
let ensemble: ZookeeperEnsemble
/** Between the first server and whoever leads it. */
let links: TearingProxy[]

beforeAll(async () => {
  life = new Lifetime()
  links = []
  const between = async (address: string): Promise<string> => {
    const link = life.use(await tearingProxy(address))
    links.push(link)
    return link.address
  }
  ensemble = life.use(await startZookeeperEnsemble(3, { between }))
}, 60_000)

afterAll(async () => {
  await life[Symbol.asyncDispose]()
})

async function leader(): Promise<number> {
  const look = async (): Promise<{ at: number } | undefined> => {
    const at = await ensemble.leader()
    return at === undefined ? undefined : { at }
  }
  return (await eventually(() => `a leader\n${ensemble.tails()}`, look, 30_000)).at
}

/** The server at `n`, and one of the others. */
function addresses(n: number): readonly [string, string] {
  const [own = '', other = ''] = [ensemble.addresses[n], ensemble.addresses[(n + 1) % 3]]
  return [own, other]
}

/** One change after the other, whatever becomes of the servers; the last port that was written. */
async function changes(scene: Scene, from: number, signal: AbortSignal): Promise<number> {
  let port = from
  for (; !signal.aborted; port++) {
    await registered(scene, port)
    await delay(5)
  }
  return port - 1
}

/** As a service does that tries until it is there: the answer of a try may be lost. */
async function registered(scene: Scene, port: number): Promise<void> {
  const attempt = async (): Promise<boolean> =>
    await scene.register(ORDERS, { host: '10.2.0.1', port }).then(
      () => true,
      (error: unknown) => zookeeperCode(error) === NODE_EXISTS,
    )
  await eventually('it is registered', attempt, 30_000)
}

test('fault: a server that lags answers a resync with what is, or not at all', async () => {
  const [lagging = '', server = ''] = ensemble.addresses
  expect(await leader()).not.toBe(0)
  await using scene = await Scene.begin(server, lagging)
  await using client = await connectZookeeper(lagging)
  await scene.converged()
  for (const link of links) link.mute(true)
  await scene.register(ORDERS, THIRD)
  const told = scene.follower.events.length
  scene.registry.source.resync()
  const path = `${scene.chroot}/dubbo/${ORDERS.name}/providers`
  expect(await client.children(path)).toHaveLength(2) // it does lag
  for (const link of links) link.mute(false)
  await scene.follower.until('a snapshot', () => scene.follower.events.length > told)
  await scene.follower.until('the third', () => scene.follower.instances(ORDERS).length === 3)
  const [next] = scene.follower.events.slice(told).filter(({ kind }) => kind === 'snapshot')
  const third = ({ host }: Instance): boolean => host === THIRD.host
  expect(
    next?.kind === 'snapshot' &&
      next.records.some(({ instances }) => instances.some((instance) => third(instance))),
  ).toBe(true)
}, 60_000)

test('fault: moved to a server that lags: what was seen is not unseen', async () => {
  const [lagging = '', server = '', another = ''] = ensemble.addresses
  expect(await leader()).not.toBe(0)
  await using front = await tearingProxy(server)
  await using scene = await Scene.begin(server, front.address)
  await scene.converged()
  for (const link of links) link.mute(true)
  await scene.register(ORDERS, THIRD)
  await scene.follower.until('the third', () => scene.follower.instances(ORDERS).length === 3)
  front.passTo(lagging)
  await scene.stale()
  const before = front.accepted()
  await eventually('it is turned away', () => front.accepted() >= before + 3, 20_000)
  front.passTo(another)
  for (const link of links) link.mute(false)
  await scene.follower.until('known again', () => !scene.follower.stale, 20_000)
  expect(scene.follower.instances(ORDERS)).toHaveLength(3)
  scene.neverFewer()
}, 60_000)

test('fault: each server of three restarted in turn: no change is missed for a lost watch', async () => {
  const led = await leader()
  const [server] = addresses(led)
  await using scene = await Scene.begin(server, ...ensemble.addresses)
  await scene.converged()
  let port = 1
  for (const [n, one] of ensemble.servers.entries()) {
    if (n === led) continue
    await one.kill()
    await registered(scene, port++)
    await one.restart()
    await registered(scene, port++)
  }
  await scene.follower.until('all', () => scene.follower.instances(ORDERS).length === port + 1)
  scene.neverFewer()
}, 90_000)

test('fault: leader of three killed during a stream of changes: none is missed, nothing wrongly gone', async () => {
  const led = await leader()
  const [, server] = addresses(led)
  await using scene = await Scene.begin(server, ...ensemble.addresses)
  await scene.converged()
  const ours = await scene.announce()
  const ending = new AbortController()
  const writing = changes(scene, 1, ending.signal)
  await scene.follower.until('some changes', () => scene.follower.instances(ORDERS).length > 20)
  await ensemble.servers[led]?.kill()
  await leader()
  const seen = scene.follower.instances(ORDERS).length
  await scene.follower.until('more', () => scene.follower.instances(ORDERS).length > seen + 20)
  await ensemble.servers[led]?.restart()
  ending.abort()
  const last = await writing
  await scene.follower.until('all', () => scene.follower.instances(ORDERS).length === last + 2)
  scene.neverFewer()
  await scene.announce()
  // Read from another server than it was written to, which may hear of it a moment later.
  await eventually('it stands', () => scene.client.read(scene.path(WEB, ours)))
}, 90_000)
