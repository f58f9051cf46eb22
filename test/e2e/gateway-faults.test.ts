import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { consulProxy } from '../support/consul-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { OWNER } from '../support/gateway/gateway-config.ts'
import { killAtWrite } from '../support/gateway/killing.ts'
import { scatterGarbage } from '../support/gateway/garbage.ts'
import { serviceKeys } from '../support/gateway/services.ts'
import { Stage } from '../support/gateway/stage.ts'
import { tearingProxy } from '../support/tearing-proxy.ts'

/**
 * The whole gateway between real servers that are killed, cut off, emptied and restarted, with
 * thirty services and more on each side. What is taken away is read from ZooKeeper's own log and
 * from Consul's indexes, which forget nothing that came and went between two looks.
 */
let stage: Stage
let sinceMs: number

beforeAll(async () => {
  stage = await Stage.open()
  sinceMs = Date.now()
}, 120_000)
afterAll(() => stage[Symbol.asyncDispose]())

const SESSION_OVER_MS = 60_000

/** Everything is as it should be, nothing is left to do, and nothing was ever taken away wrongly. */
async function expectAllWell(): Promise<void> {
  await stage.converged()
  expect(await stage.leftToDo()).toEqual([])
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
}

const gatewayZnodes = async (): Promise<ReadonlyMap<string, string>> =>
  (await stage.znodes()).gatewayEntries()

/** Znodes go by nature with their session; in Consul nothing changes at all. */
async function outlivesItsSession(pause: () => void, goOn: () => void): Promise<void> {
  const inConsul = await stage.exported.entries()
  const inZookeeper = await gatewayZnodes()
  pause()
  const ended = async (): Promise<boolean> => (await gatewayZnodes()).size === 0
  await eventually('the session is over', ended, SESSION_OVER_MS)
  expect(await stage.exported.entries()).toEqual(inConsul)
  goOn()
  await expectAllWell()
  expect(await stage.exported.entries()).toEqual(inConsul)
  expect([...(await gatewayZnodes()).keys()].sort()).toEqual([...inZookeeper.keys()].sort())
}

test('fault: cut off from ZooKeeper until the session expires: all is back, Consul untouched', async () => {
  await using proxy = await tearingProxy(stage.zookeeper.address)
  await using gateway = await stage.startedGateway({ zookeeper: proxy.address })
  await outlivesItsSession(
    () => proxy.cut(true),
    () => proxy.cut(false),
  )
  await gateway.stop()
}, 180_000)

test('fault: gateway stopped (SIGSTOP) for longer than its session: all is back, Consul untouched', async () => {
  await using gateway = await stage.startedGateway()
  await outlivesItsSession(
    () => gateway.pause(),
    () => gateway.resume(),
  )
  await gateway.stop()
}, 180_000)

test('fault: ZooKeeper killed and restarted: Consul untouched, traffic goes on, changes follow', async () => {
  await using gateway = await stage.startedGateway()
  const inConsul = await stage.exported.entries()
  await stage.zookeeper.kill()
  await gateway.mirrorIs('zk', 'stale')
  await stage.services.addMesh(serviceKeys('mesh', 40, 42))
  expect(await stage.unanswered(inConsul)).toEqual([])
  expect(await stage.exported.entries()).toEqual(inConsul)
  await stage.zookeeper.restart()
  await expectAllWell()
  expect(await stage.exported.entries()).toEqual(inConsul)
  await gateway.stop()
}, 180_000)

test('fault: Consul killed and restarted: ZooKeeper untouched, traffic goes on, changes follow', async () => {
  await using gateway = await stage.startedGateway({ sessionTimeoutMs: 20_000 })
  const inConsul = await stage.exported.entries()
  const inZookeeper = await gatewayZnodes()
  await stage.consul.kill()
  await gateway.mirrorIs('consul', 'stale')
  await stage.services.addLegacy(serviceKeys('legacy', 40, 42))
  expect(await stage.unanswered(inConsul)).toEqual([])
  expect(await gatewayZnodes()).toEqual(inZookeeper)
  await stage.consul.restart()
  await expectAllWell()
  expect(await gatewayZnodes()).toEqual(inZookeeper)
  await gateway.stop()
}, 180_000)

/** At the n-th write to either since the start: before Consul hears of it, after ZooKeeper took it. */
const KILLS = [
  ['consul', 1],
  ['zookeeper', 1],
  ['zookeeper', 12],
  ['consul', 2],
  ['zookeeper', 30],
  ['consul', 3],
  ['zookeeper', 45],
] as const

test('fault: killed again and again between writes while services come: never absent, never twice', async () => {
  await using proxy = await consulProxy(stage.consul.address)
  // Long enough for all starts: what a dead gateway left is then taken over, or waits.
  const setting = { consul: proxy.address, sessionTimeoutMs: 60_000 }
  await using first = await stage.startedGateway(setting)
  const beganMs = Date.now()
  const inConsul = await stage.exported.entries()
  const inZookeeper = await gatewayZnodes()
  await first.command.kill()
  for (const [round, [registry, nth]] of KILLS.entries()) {
    await using gateway = await stage.startGateway(setting)
    await killAtWrite(gateway, { stage, proxy, registry, nth, from: 100 + round * 20 })
  }
  await using last = await stage.startedGateway(setting)
  await expectAllWell()
  const { losses } = await stage.znodes()
  expect(losses.filter(({ atMs }) => atMs >= beganMs)).toEqual([])
  const [session, ...others] = new Set((await gatewayZnodes()).values())
  expect(others).toEqual([]) // the last one has taken over what all the dead ones left
  expect([...inZookeeper.values()]).not.toContain(session)
  // The same records, so at the same ports.
  expect(await stage.exported.entries()).toEqual(expect.arrayContaining([...inConsul]))
  expect([...(await gatewayZnodes()).keys()]).toEqual(
    expect.arrayContaining([...inZookeeper.keys()]),
  )
  await last.stop()
}, 300_000)

test('fault: garbage in both registries: whatever stands beside it goes on, and what is ours is mended', async () => {
  await using gateway = await stage.startedGateway()
  await using garbage = await scatterGarbage(stage)
  await stage.services.addLegacy(serviceKeys('legacy', 50, 54))
  await stage.services.addMesh(serviceKeys('mesh', 50, 54))
  await eventually('what was damaged is mended', () => garbage.mended(), 30_000)
  await expectAllWell()
  expect(await stage.unanswered(await stage.exported.entries())).toEqual([])
  expect(await garbage.touched()).toEqual([])
  await gateway.stop()
}, 180_000)

test('fault: one of ours removed by hand in each registry: that is seen here, and put back', async () => {
  await using gateway = await stage.startedGateway()
  const beganMs = Date.now()
  const [entry] = await stage.exported.entries()
  const [znode = ''] = (await gatewayZnodes()).keys()
  const node = `isthmus-${OWNER}`
  await stage.services.mesh.consul.catalog.deregister({ node, serviceid: entry?.id ?? '' })
  await stage.services.legacy.remove(znode)
  await eventually('it is seen', () => stage.exported.breaches.length > 0)
  await stage.converged()
  expect(stage.exported.breaches.splice(0)).toEqual([expect.stringContaining(entry?.name ?? '-')])
  const losses = (await stage.znodes()).losses.filter(({ atMs }) => atMs >= beganMs)
  expect(losses).toMatchObject([{ of: 'gateway', by: 'removal' }])
  await expectAllWell()
  await gateway.stop()
}, 180_000)

test('fault: both registries down at start: live but not ready, then all in line and nothing removed', async () => {
  const inConsul = await stage.exported.entries()
  const inZookeeper = await gatewayZnodes()
  await stage.consul.kill()
  await stage.zookeeper.kill()
  await using gateway = await stage.startGateway()
  expect([await gateway.answers('livez'), await gateway.answers('readyz')]).toEqual([200, 503])
  await stage.zookeeper.restart()
  await gateway.mirrorIs('zk', 'complete')
  expect([await gateway.answers('livez'), await gateway.answers('readyz')]).toEqual([200, 503])
  expect(await gatewayZnodes()).toEqual(inZookeeper) // it has claimed its identity, no more
  await stage.consul.restart()
  await gateway.ready()
  await expectAllWell()
  expect(await stage.exported.entries()).toEqual(inConsul)
  await gateway.stop()
}, 180_000)

test('fault: every legacy service gone at once: held, traffic goes on; they return, or it goes in time', async () => {
  const removalBudget = { share: 0, atLeast: 2, windowMs: 60_000, holdMs: 10_000 }
  await using gateway = await stage.startedGateway({ removalBudget })
  const inConsul = await stage.exported.entries()
  const services = stage.services.legacyKeys.splice(0)

  await stage.services.disconnect()
  const most = services.length - removalBudget.atLeast
  const held = await eventually('two are gone, all others are held', async () => {
    const entries = await stage.exported.entries()
    return entries.length === most && (await gateway.held()) === most && entries
  })
  expect(inConsul).toEqual(expect.arrayContaining([...held]))
  expect(await stage.unanswered(held)).toEqual([])
  await stage.services.connect()
  await stage.services.addLegacy(services)
  await stage.converged()
  expect(await gateway.held()).toBe(0)
  expect(await stage.exported.entries()).toEqual(expect.arrayContaining([...held]))
  expect(stage.exported.breaches.splice(0)).toHaveLength(removalBudget.atLeast)

  stage.exported.pardon(true)
  await stage.services.wipeLegacy()
  await eventually('all are held', async () => (await gateway.held()) === services.length)
  await stage.converged() // to nothing, once the hold is over
  stage.exported.pardon(false)
  await stage.services.addLegacy(services)
  await expectAllWell()
  await gateway.stop()
}, 180_000)

/** Entries of the gateway that a consumer in the mesh is given, as their checks let it. */
async function callable(): Promise<number> {
  const answers = (await stage.exported.entries()).map(async ({ name }) => {
    const response = await fetch(`${stage.consul.address}/v1/health/service/${name}?passing`)
    const listed = z.array(z.object({ Node: z.object({ Node: z.string() }) }))
    return listed
      .parse(await response.json())
      .filter(({ Node }) => Node.Node === `isthmus-${OWNER}`)
  })
  return (await Promise.all(answers)).flat().length
}

test('fault: stopped and started again: Consul keeps all, hidden meanwhile, nothing is rewritten, same ports', async () => {
  await using before = await stage.startedGateway()
  const inConsul = await stage.exported.entries()
  const inZookeeper = await gatewayZnodes()
  // The gateway of the test before has hidden them when it stopped.
  await eventually('shown', async () => (await callable()) === inConsul.length)
  await before.stop()
  expect(await gatewayZnodes()).toEqual(new Map())
  expect(await stage.exported.entries()).toEqual(inConsul)
  expect(await callable()).toBe(0)
  await using gateway = await stage.startedGateway()
  const [session = '', ...others] = new Set((await gatewayZnodes()).values())
  expect(others).toEqual([])
  const written = (await stage.znodes()).writes.get(session)
  await expectAllWell()
  expect((await stage.znodes()).writes.get(session)).toBe(written)
  expect([...(await gatewayZnodes()).keys()].sort()).toEqual([...inZookeeper.keys()].sort())
  // Each with the index of its last write: hiding and showing concern the node's check alone.
  expect(await stage.exported.entries()).toEqual(inConsul)
  await eventually('shown again', async () => (await callable()) === inConsul.length)
  await gateway.stop()
}, 180_000)
