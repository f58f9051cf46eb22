import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { allEnded } from './all-ended.ts'
import { Calling } from './calling.ts'
import type { CrossingGateway } from './crossing-gateway.ts'
import { CrossingStage } from './crossing-stage.ts'
import { DubboPeer, GREETER, migration, type DubboOptions, type GreeterKey } from './dubbo.ts'
import { ownAddress } from './own-address.ts'

/**
 * Dubbo's consumers, which try each call once, call on while one of two gateways ends and comes back.
 */

const AS = 'greeter'
const KEY: GreeterKey = { group: AS, version: '1.0.0', protocol: 'dubbo' }
/** Longer than a gateway takes to come back: what it wrote before it was killed is still there. */
const SESSION_MS = 30_000

const life = new Lifetime()
let port = 0

beforeAll(async () => {
  const provider = life.use(await DubboPeer.start({ application: 'mesh-provider' }))
  port = await provider.serve(AS, KEY)
  await provider.begin()
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const CONSUMERS = {
  dubbo: [{ generation: 3, settings: migration('APPLICATION_FIRST') }, { generation: 2 }],
  'dubbo-application': [{ generation: 3, settings: migration('FORCE_APPLICATION') }],
} as const satisfies Record<string, readonly Pick<DubboOptions, 'generation' | 'settings'>[]>

describe.each(['dubbo', 'dubbo-application'] as const)('written as %s', (rpc) => {
  const stageLife = new Lifetime()
  let stage: CrossingStage
  let consumers: readonly DubboPeer[]

  beforeAll(async () => {
    const registry = { layouts: { rpc }, sessionTimeoutMs: SESSION_MS }
    stage = stageLife.use(await CrossingStage.open({ registry, gateways: ['gw-a', 'gw-b'] }))
    await stage.register({ name: GREETER, ...KEY }, { host: ownAddress(), port })
    const zookeeper = stage.zookeeper.address
    const starts = CONSUMERS[rpc].map(async (consumer) => {
      const options = { application: 'a-consumer', zookeeper, ...consumer }
      const peer = stageLife.use(await DubboPeer.start(options))
      await peer.begin()
      await peer.refer(AS, KEY)
      return peer
    })
    consumers = await allEnded(starts)
  }, 120_000)
  afterAll(() => stageLife[Symbol.asyncDispose]())

  /** Each consumer's calls, from before `happens` until all of them go well after it. */
  async function callsWhile(
    happens: (gateway: CrossingGateway) => Promise<void>,
  ): Promise<readonly Calling[]> {
    await using calls = new Lifetime()
    const callers = consumers.map((peer) => calls.use(new Calling(peer, AS)))
    await Promise.all(callers.map((caller) => caller.goesWell()))
    const [gateway] = stage.gateways
    if (gateway) await happens(gateway)
    await Promise.all(callers.map((caller) => caller.goesWell()))
    return callers
  }

  test('no call fails when one of two stops and comes back', async () => {
    const callers = await callsWhile(async (gateway) => {
      await gateway.stop()
      await gateway.start()
    })
    expect(callers.map(({ failures }) => failures)).toEqual(consumers.map(() => []))
  }, 120_000)

  test('nobody is without a provider when one of two is killed and comes back', async () => {
    const callers = await callsWhile(async (gateway) => {
      await gateway.kill()
      await gateway.start()
    })
    expect(callers.map(({ knewNobody }) => knewNobody)).toEqual(consumers.map(() => []))
  }, 120_000)
})
