import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { ForgetfulProxy } from '../support/gateway/forgetful-proxy.ts'
import { fullDisk } from '../support/gateway/full-disk.ts'
import { OWNER } from '../support/gateway/gateway-config.ts'
import { folderOf, serviceKeys } from '../support/gateway/services.ts'
import { originKey, Stage } from '../support/gateway/stage.ts'
import { isthmus } from '../support/command.ts'
import { connectZookeeper, endSession, type ZookeeperClient } from '../support/zookeeper-client.ts'
import { providerOf } from '../support/zookeeper-harness.ts'

/**
 * The whole gateway beside others that are in its way: a second one, a full disk, a watch that the
 * network lost, and providers that are started again before they are known to be dead.
 */
let stage: Stage
let sinceMs: number

beforeAll(async () => {
  stage = await Stage.open({ servicesASide: 12 })
  sinceMs = Date.now()
}, 120_000)
afterAll(() => stage[Symbol.asyncDispose]())

async function expectAllWell(): Promise<void> {
  await stage.converged()
  expect(await stage.leftToDo()).toEqual([])
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
}

const labelOf = async (text: string): Promise<string | undefined> =>
  (await stage.exported.entries()).find((entry) => originKey(entry) === text)?.meta['lane']

test('fault: failure mode 8: two gateways under one identity: the second ends and says where the first runs', async () => {
  await using first = await stage.startedGateway()
  const inConsul = await stage.exported.entries()
  const writes = await stage.gatewayWrites()
  const second = await isthmus('gateway', '-c', await stage.configure({}))
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('OWNER_TAKEN')
  expect(second.stderr).toContain(`the identity ${OWNER} is held by process ${first.command.pid}`)
  expect(await stage.exported.entries()).toEqual(inConsul)
  expect(await stage.gatewayWrites()).toBe(writes)
  await stage.services.addLegacy(serviceKeys('legacy', 100, 102))
  await expectAllWell()
  await first.stop()
}, 120_000)

test('fault: full disk under the state: nothing new is shown, all else goes on, then it heals by itself', async () => {
  await using gateway = await stage.startedGateway()
  const inConsul = await stage.exported.entries()
  await fullDisk(gateway.command.pid, true)
  await stage.services.addLegacy(serviceKeys('legacy', 200, 204))
  await stage.services.addMesh(serviceKeys('mesh', 200, 204))
  const complained = (): boolean => gateway.command.stderr().includes('STATE_UNAVAILABLE')
  await eventually('it says so', complained, 30_000)
  const [web] = serviceKeys('legacy', 0, 1)
  if (!web) throw new Error('there is a service 0')
  await stage.services.relabelLegacy(web, { lane: 'blue' })
  await eventually(
    'a change goes over',
    async () => (await labelOf('http:legacy-web-0')) === 'blue',
  )
  expect(await stage.unanswered(inConsul)).toEqual([])
  expect((await stage.exported.entries()).map(originKey)).toEqual(inConsul.map(originKey))
  await fullDisk(gateway.command.pid, false)
  await expectAllWell()
  await gateway.stop()
}, 180_000)

test('fault: a lost watch: healed by the next complete read, which writes nothing where all is in line', async () => {
  await using proxy = await ForgetfulProxy.before(stage.zookeeper.address)
  const setting = { zookeeper: proxy.address, fullReadEveryMs: 4_000 }
  await using gateway = await stage.startedGateway(setting)
  const [web] = serviceKeys('legacy', 2, 3)
  if (!web) throw new Error('there is a service 2')
  proxy.forget(true)
  await stage.services.relabelLegacy(web, { lane: 'green' })
  await eventually('a notification is lost', () => proxy.forgotten > 0)
  proxy.forget(false)
  await eventually('it heals', async () => (await labelOf('http:legacy-web-2')) === 'green', 30_000)
  await expectAllWell()
  const [index, writes] = [await stage.exported.index(), await stage.gatewayWrites()]
  const before = await gateway.reads()
  const twiceMore = async (): Promise<boolean> =>
    (await gateway.reads()).every((reads, n) => reads >= (before[n] ?? 0) + 2)
  await eventually('both are read twice more', twiceMore, 30_000)
  expect([await stage.exported.index(), await stage.gatewayWrites()]).toEqual([index, writes])
  await gateway.stop()
}, 180_000)

test('fault: restart race on one ip:port: the entry stands while the old znode expires after the new one came', async () => {
  await using gateway = await stage.startedGateway()
  const key = { name: 'com.acme.RestartedService', version: '1.0.0', protocol: 'dubbo' }
  const folder = folderOf(key)
  stage.services.legacyKeys.push(key)
  const clients: ZookeeperClient[] = []
  const start = async (timestamp: string): Promise<string> => {
    const client = await connectZookeeper(stage.zookeeper.address, { sessionTimeoutMs: 30_000 })
    const at = { host: '127.0.0.1', port: 9, labels: { timestamp } }
    await client.createEphemeral(`${folder}/${providerOf(key, at).child}`)
    const session = client.session.id.toString('hex')
    clients.push(client)
    stage.services.sessions.add(session)
    return session
  }
  let session = await start('1700000000000')
  await stage.converged()
  for (const timestamp of ['1700000001000', '1700000002000', '1700000003000']) {
    const next = await start(timestamp)
    await endSession(stage.zookeeper.address, session)
    session = next
  }
  await expectAllWell()
  stage.services.left(key)
  await endSession(stage.zookeeper.address, session)
  await expectAllWell() // the last one does go
  for (const client of clients) await client[Symbol.asyncDispose]()
  await gateway.stop()
}, 120_000)
