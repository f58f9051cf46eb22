import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Lifetime } from '../../src/kernel/lifetime.ts'
import { keyText } from '../../src/registry/model.ts'
import { eventually } from '../support/eventually.ts'
import { Churn, REVISION } from '../support/gateway/churn.ts'
import { folderOf } from '../support/gateway/services.ts'
import { originKey, Stage, type StageServers } from '../support/gateway/stage.ts'
import { startConsulCluster, type ConsulCluster } from '../support/servers/consul.ts'
import {
  startZookeeperEnsemble,
  type ZookeeperEnsemble,
} from '../support/servers/zookeeper-ensemble.ts'

/**
 * The whole gateway between three ZooKeepers and three Consuls, while a hundred times a second a
 * service comes, changes a label or goes, and the leader of each three is killed. The gateway
 * knows all of the ensemble, and of the cluster an agent on its own machine, as it is deployed.
 */
let ensemble: ZookeeperEnsemble
let cluster: ConsulCluster
let agent: string
let led: { readonly zookeeper: number; readonly consul: string }
let stage: Stage

const PER_SECOND_A_SIDE = 50
const CHANGES_BETWEEN = 400
const ELECTED_WITHIN_MS = 60_000

/** What is read afterwards is read from servers that outlive the fault. */
async function startServers(life: Lifetime, folder: string): Promise<StageServers> {
  ensemble = life.use(await startZookeeperEnsemble(3, { folder: join(folder, 'zookeeper') }))
  cluster = life.use(await startConsulCluster(3))
  agent = life.use(await cluster.startClient()).address
  led = { zookeeper: await zookeeperLeader(), consul: (await cluster.leader()).address }
  const at = (led.zookeeper + 1) % 3
  const zookeeper = ensemble.servers[at]
  const consul = cluster.servers.find(({ address }) => address !== led.consul)
  if (!zookeeper || !consul) throw new Error('three servers have two followers')
  return { zookeeper, consul, dataDir: join(folder, 'zookeeper', String(at)) }
}

beforeAll(async () => {
  stage = await Stage.open({ start: startServers, ports: 4_000 })
}, 120_000)
afterAll(() => stage[Symbol.asyncDispose]())

async function zookeeperLeader(): Promise<number> {
  const look = async (): Promise<{ at: number } | undefined> => {
    const at = await ensemble.leader()
    return at === undefined ? undefined : { at }
  }
  return (await eventually(() => `a leader\n${ensemble.tails()}`, look, ELECTED_WITHIN_MS)).at
}

async function consulLeader(): Promise<string> {
  const look = async (): Promise<string | undefined> =>
    await cluster.leader().then(
      ({ address }) => (address === led.consul ? undefined : address),
      () => undefined,
    )
  return await eventually('another leader of Consul', look, ELECTED_WITHIN_MS)
}

test('fault: leaders of three ZooKeepers and three Consuls killed during 100 changes a second: 0 wrong removals', async () => {
  const setting = {
    zookeeper: ensemble.addresses,
    consul: agent,
    sessionTimeoutMs: 20_000,
    // What would be removed wrongly is to be seen, not held back.
    removalBudget: { share: 1, atLeast: 1_000_000 },
  }
  await using gateway = await stage.startedGateway(setting)
  const sinceMs = Date.now()
  const stop = new AbortController()
  const sides = [new Churn(stage.services, 'legacy'), new Churn(stage.services, 'mesh')] as const
  const changing = Promise.all(sides.map((side) => side.run(PER_SECOND_A_SIDE, stop.signal)))
  const more = async (when: string): Promise<void> => {
    const goals = sides.map(({ total }) => total + CHANGES_BETWEEN / 2)
    const done = (): boolean => sides.every(({ total }, n) => total >= (goals[n] ?? 0))
    await eventually(`changes ${when}`, done, ELECTED_WITHIN_MS)
  }
  const consul = cluster.servers.find(({ address }) => address === led.consul)

  await more('with all six')
  await ensemble.servers[led.zookeeper]?.kill()
  await consul?.kill()
  const elected = { zookeeper: await zookeeperLeader(), consul: await consulLeader() }
  await more('with two and two')
  await ensemble.servers[led.zookeeper]?.restart()
  await consul?.restart()
  await more('with all six again')
  stop.abort()
  await changing

  await stage.converged()
  await eventually('all labels have come over', () => labelsAreOver(sides), 30_000)
  expect(await stage.leftToDo(setting)).toEqual([])
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
  // Nor did a session end for lack of a leader, with which all that it keeps would go.
  const ended = (await stage.znodes()).losses.filter(({ by }) => by === 'session-end')
  expect(ended).toEqual([])
  expect(elected.zookeeper).not.toBe(led.zookeeper)
  expect(elected.consul).not.toBe(led.consul)
  for (const { counts } of sides) {
    expect(Math.min(counts.came, counts.went, counts.changed)).toBeGreaterThan(50)
  }
  const told = { legacy: sides[0].counts, mesh: sides[1].counts, elections: 2, wrongRemovals: 0 }
  process.stdout.write(`leaders killed: ${JSON.stringify(told)}\n`)
  await gateway.stop()
}, 240_000)

/** Each entry of the gateway's has the label that its service had last. */
async function labelsAreOver([legacy, mesh]: readonly [Churn, Churn]): Promise<boolean> {
  const revisions = new Map<string, string>(legacy.revisions)
  const inConsul = (await stage.exported.entries()).every((entry) => {
    const revision = revisions.get(originKey(entry))
    return revision === undefined || entry.meta[REVISION] === revision
  })
  const paths = [...(await stage.znodes()).gatewayEntries().keys()]
  const inZookeeper = stage.services.meshKeys.map(async (key) => {
    const revision = mesh.revisions.get(keyText(key))
    if (revision === undefined) return true
    const path = paths.find((one) => one.startsWith(`${folderOf(key)}/`)) ?? ''
    const data = (await stage.services.legacy.read(path))?.data ?? ''
    const said = /%26revision%3D(\d+)/.exec(path) ?? /"revision":"(\d+)"/.exec(data)
    return said?.[1] === revision
  })
  return inConsul && (await Promise.all(inZookeeper)).every(Boolean)
}
