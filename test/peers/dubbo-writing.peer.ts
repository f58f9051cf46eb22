import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { PlainInstance } from '../contract/registry-harness.ts'
import { eventually } from '../support/eventually.ts'
import { allEnded } from './all-ended.ts'
import { CrossingStage } from './crossing-stage.ts'
import { DubboPeer, GREETER, migration, type GreeterKey } from './dubbo.ts'
import { ownAddress } from './own-address.ts'

/**
 * Real consumers of Dubbo in ZooKeeper, and providers that are only in Consul: what the gateway
 * writes must be enough for a call, and must break no consumer.
 */

const REACHED_WITHIN_MS = 30_000

const life = new Lifetime()
let provider: DubboPeer

/** By what they answer with. */
const SERVED: Readonly<Record<string, GreeterKey>> = {
  early: { group: 'early', version: '1.0.0', protocol: 'dubbo' },
  late: { group: 'late', version: '1.0.0', protocol: 'dubbo' },
  'early-tri': { group: 'early-tri', version: '1.0.0', protocol: 'tri' },
  'late-tri': { group: 'late-tri', version: '1.0.0', protocol: 'tri' },
  one: { group: 'versions', version: '1.0.0', protocol: 'dubbo' },
  two: { group: 'versions', version: '2.0.0', protocol: 'dubbo' },
  none: { group: 'versions', protocol: 'dubbo' },
}
const ports = new Map<string, number>()

beforeAll(async () => {
  provider = life.use(await DubboPeer.start({ application: 'mesh-provider' }))
  for (const [as, key] of Object.entries(SERVED)) ports.set(as, await provider.serve(as, key))
  await provider.begin()
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const keyOf = (as: string): GreeterKey => SERVED[as] ?? { group: as, protocol: 'dubbo' }

const VERSIONS = ['none', 'one', 'two'].map((as) => `${as} greets somebody`)

/** Of each version, called again and again: every answer that came. */
async function answersOf(peer: DubboPeer): Promise<readonly string[]> {
  const calls = Array.from({ length: 10 }, () => ['none', 'one', 'two']).flat()
  const answers = await Promise.all(calls.map((as) => peer.call(as)))
  return [...new Set(answers)].sort()
}

interface Consumer {
  readonly name: string
  readonly generation: 2 | 3
  readonly settings: Readonly<Record<string, string>>
  readonly protocols: readonly string[]
}

const consumer3 = (mode: Parameters<typeof migration>[0]): Consumer => ({
  name: `Dubbo 3, ${mode}`,
  generation: 3,
  settings: migration(mode),
  protocols: ['dubbo', 'tri'],
})

const CONSUMERS = {
  dubbo: [
    consumer3('FORCE_INTERFACE'),
    consumer3('APPLICATION_FIRST'),
    { name: 'Dubbo 2.7', generation: 2, settings: {}, protocols: ['dubbo'] },
  ],
  'dubbo-application': [consumer3('APPLICATION_FIRST'), consumer3('FORCE_APPLICATION')],
} as const satisfies Record<string, readonly Consumer[]>

describe.each(['dubbo', 'dubbo-application'] as const)('written as %s', (rpc) => {
  const stageLife = new Lifetime()
  let stage: CrossingStage
  const peers = new Map<string, DubboPeer>()

  beforeAll(async () => {
    stage = stageLife.use(await CrossingStage.open({ registry: { layouts: { rpc } } }))
    const zookeeper = stage.zookeeper.address
    const started = CONSUMERS[rpc].map(async ({ name, generation, settings }) => {
      const options = { application: 'a-consumer', zookeeper, generation, settings }
      const peer = stageLife.use(await DubboPeer.start(options))
      await peer.begin()
      peers.set(name, peer)
    })
    await allEnded(started)
  }, 120_000)
  afterEach(() => {
    // Dubbo logs what it could not read, and goes on without it.
    for (const peer of peers.values()) expect(peer.misreadings()).toEqual([])
  })
  afterAll(() => stageLife[Symbol.asyncDispose]())

  const peerOf = (name: string): DubboPeer => {
    const peer = peers.get(name)
    if (!peer) throw new Error(`${name} did not start`)
    return peer
  }
  const instanceOf = (as: string): PlainInstance => ({
    host: ownAddress(),
    port: ports.get(as) ?? 0,
  })
  const register = (as: string): Promise<void> =>
    stage.register({ name: GREETER, ...keyOf(as) }, instanceOf(as))
  const deregister = (as: string): Promise<void> =>
    stage.deregister({ name: GREETER, ...keyOf(as) }, instanceOf(as))

  /** Of each consumer of the protocol: how long until it is answered, or is not any more. */
  async function until(as: string, isAnswered: boolean, sinceMs: number): Promise<void> {
    const { protocol } = keyOf(as)
    const waits = CONSUMERS[rpc]
      .filter(({ protocols }) => protocols.some((one) => one === protocol))
      .map(async ({ name }) => {
        const answer = isAnswered ? `${as} greets somebody` : undefined
        await eventually(
          `${as} ${isAnswered ? 'answers' : 'is gone from'} ${name}`,
          async () => (await peerOf(name).tried(as)) === answer,
          REACHED_WITHIN_MS,
        )
        const tookMs = Math.round(performance.now() - sinceMs)
        const what = `${as} ${isAnswered ? 'answered' : 'gone'} after ${tookMs} ms`
        process.stdout.write(`${rpc}, ${name}: ${what}\n`)
      })
    await Promise.all(waits)
  }
  const refer = async (as: string): Promise<void> => {
    const { protocol } = keyOf(as)
    const users = CONSUMERS[rpc].filter(({ protocols }) => protocols.some((p) => p === protocol))
    await Promise.all(users.map(({ name }) => peerOf(name).refer(as, keyOf(as))))
  }

  test.each(['early', 'early-tri'])(
    '%s: one that is there is called',
    async (as) => {
      await register(as)
      await refer(as)
      await until(as, true, performance.now())
    },
    60_000,
  )

  test.each(['late', 'late-tri'])(
    '%s: who waits gets it, and loses it with the provider',
    async (as) => {
      await refer(as)
      await register(as)
      await until(as, true, performance.now())
      await deregister(as)
      await until(as, false, performance.now())
      await register(as)
      await until(as, true, performance.now())
    },
    120_000,
  )

  test('versions: none, 1.0.0 and 2.0.0 never stand in for each other', async () => {
    for (const as of ['none', 'one', 'two']) await refer(as)
    for (const as of ['none', 'two']) await register(as)
    for (const as of ['none', 'two']) await until(as, true, performance.now())
    for (const { name } of CONSUMERS[rpc])
      await expect(peerOf(name).call('one')).rejects.toThrow('No provider available')
    await register('one')
    await until('one', true, performance.now())
    for (const { name } of CONSUMERS[rpc]) expect(await answersOf(peerOf(name))).toEqual(VERSIONS)
    await deregister('one')
    await until('one', false, performance.now())
    for (const as of ['none', 'two']) await until(as, true, performance.now())
  }, 120_000)
})
