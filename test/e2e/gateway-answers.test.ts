import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { consulProxy, type ConsulProxy } from '../support/consul-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import type { GatewayProcess } from '../support/gateway/gateway-process.ts'
import { serviceKeys } from '../support/gateway/services.ts'
import { Stage, startOneOfEach } from '../support/gateway/stage.ts'
import { tearingProxy, type TearingProxy } from '../support/tearing-proxy.ts'

/**
 * The whole gateway before registries that are up and answer badly: not at all, half an answer,
 * refusals, and an index that goes backwards. Services come and go meanwhile.
 */
let stage: Stage
let zookeeper: TearingProxy
let consul: ConsulProxy
let gateway: GatewayProcess
let sinceMs: number
let next = 100

const TOKEN = randomUUID()
const ACCESSOR = randomUUID()
const OPERATOR = randomUUID()
/** What is refused to a token is refused for sure; who has none may do all, as the services here. */
const ACL = { enabled: true, default_policy: 'allow', tokens: { master: OPERATOR } }

beforeAll(async () => {
  stage = await Stage.open({
    servicesASide: 12,
    start: (life, folder) => startOneOfEach(life, folder, { acl: ACL, token: OPERATOR }),
  })
  await grant()
  zookeeper = await tearingProxy(stage.zookeeper.address)
  consul = await consulProxy(stage.consul.address)
  gateway = await stage.startedGateway({
    zookeeper: zookeeper.address,
    consul: consul.address,
    token: TOKEN,
    // What would be removed wrongly is to be seen, not held back.
    removalBudget: { share: 1, atLeast: 1_000_000 },
  })
  sinceMs = Date.now()
}, 120_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await zookeeper[Symbol.asyncDispose]()
  await consul[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

async function operate(method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
  const headers = { 'x-consul-token': OPERATOR }
  const request = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }
  const answer = await fetch(`${stage.consul.address}/v1/acl/${path}`, request)
  expect([path, answer.status, await answer.text()]).toEqual([path, 200, expect.anything()])
}

async function grant(): Promise<void> {
  const ids = { AccessorID: ACCESSOR, SecretID: TOKEN }
  await operate('PUT', 'token', { ...ids, Policies: [{ Name: 'global-management' }] })
}

/** Two services come on each side, and those that came the last time go. */
async function changes(): Promise<void> {
  const [from, to] = [next, next + 2]
  next = to
  await stage.services.addLegacy(serviceKeys('legacy', from, to))
  await stage.services.addMesh(serviceKeys('mesh', from, to))
  if (from === 100) return
  await stage.services.removeLegacy(serviceKeys('legacy', from - 2, from))
  await stage.services.removeMesh(serviceKeys('mesh', from - 2, from))
}

/** Everything is as it should be, and nothing was ever taken away of what was there. */
async function expectAllWell(): Promise<void> {
  await changes()
  await stage.converged()
  expect(await stage.leftToDo()).toEqual([])
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
  const ended = (await stage.znodes()).losses.filter(({ by }) => by === 'session-end')
  expect(ended.filter(({ atMs }) => atMs >= sinceMs)).toEqual([])
}

test('fault: ZooKeeper accepts and never answers: stale, traffic goes on, nothing is taken away', async () => {
  const inConsul = await stage.exported.entries()
  zookeeper.holdAll(true)
  await gateway.mirrorIs('zk', 'stale')
  await changes()
  expect(await stage.unanswered(inConsul)).toEqual([])
  zookeeper.holdAll(false)
  await gateway.mirrorIs('zk', 'complete')
  await expectAllWell()
}, 120_000)

test('fault: frames of ZooKeeper torn at every length: all is read again, nothing is taken away', async () => {
  for (const bytes of [1, 4, 5, 20, 21, 44, 100, 333]) {
    const before = zookeeper.accepted()
    zookeeper.tearAfter(bytes)
    await changes()
    await eventually('it is back', () => zookeeper.accepted() > before, 20_000)
  }
  await gateway.mirrorIs('zk', 'complete')
  await expectAllWell()
}, 120_000)

/** How each answer is refused, and which. */
const REFUSALS = [
  ['429 to every second request', (n: number) => (n % 2 === 0 ? 429 : 0), '/v1/'],
  ['500 to every second request', (n: number) => (n % 2 === 0 ? 500 : 0), '/v1/'],
  ['500 to all reads', () => 500, '/v1/health/'],
  ['413 to a transaction', (n: number) => (n < 1 ? 413 : 0), '/v1/txn'],
  ['409 to a transaction', (n: number) => (n < 1 ? 409 : 0), '/v1/txn'],
] as const

test.each(REFUSALS)(
  'fault: Consul answers %s',
  async (_name, statusOf, beginning) => {
    let refused = 0
    let seen = 0
    consul.tamper((path) => {
      if (!path.startsWith(beginning)) return undefined
      const status = statusOf(seen++)
      if (status === 0) return undefined
      refused += 1
      return { status, body: status === 409 ? '{"Errors":[{"OpIndex":0,"What":"not now"}]}' : 'no' }
    })
    await eventually('it is refused something', async () => {
      await changes()
      return refused >= (beginning === '/v1/txn' ? 1 : 4)
    })
    consul.tamper(undefined)
    await expectAllWell()
  },
  120_000,
)

test('fault: the index of Consul goes backwards: nothing is taken away, nothing is missed', async () => {
  let index = 1_000_000
  let answered = 0
  consul.tamper(() => {
    answered += 1
    return { headers: { 'x-consul-index': String(index--) } }
  })
  await eventually('it is answered backwards', async () => {
    await changes()
    return answered > 20
  })
  consul.tamper(undefined)
  await expectAllWell()
}, 120_000)

test('fault: the ACL token is revoked and restored: stale, traffic goes on, nothing is taken away', async () => {
  const inConsul = await stage.exported.entries()
  await operate('DELETE', `token/${ACCESSOR}`)
  await gateway.mirrorIs('consul', 'stale')
  await changes()
  expect(await stage.unanswered(inConsul)).toEqual([])
  await grant()
  await gateway.mirrorIs('consul', 'complete')
  await expectAllWell()
}, 120_000)
