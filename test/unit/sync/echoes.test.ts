import { expect, test } from '@jest/globals'
import { keyText, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import type { Registry, RegistrySource } from '../../../src/registry/ports.ts'
import { altered } from '../../support/sync/altered.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'
import { ObservedBackend, turns } from '../../support/sync/observed-backend.ts'

/** What becomes of a write that its registry does not tell of. */

const SERVICES = 12
const PAY = { name: 'pay', protocol: 'http' }
const service = (n: number): ServiceKey => ({ name: `s${n}`, protocol: 'http' })

function instance(host: string): Instance {
  return { id: host, host, port: 80, health: 'passing', weight: 100, labels: {} }
}

class World implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly zk = new ObservedBackend({})
  readonly consul = new ObservedBackend({}, (_, { labels }) => {
    this.removed.push(labels['release'] ?? '')
    if (this.consul.instances(PAY).length === 0) this.emptied += 1
  })
  /** Every write into Consul that the gateway made, lost ones too. */
  readonly writes: string[] = []
  readonly gateway: Gateway
  /** Writes that are answered, and lost before anybody has read them. */
  loses = false
  /** Consul takes writes and tells of nothing. */
  isSilent = false
  /** Releases whose record the gateway took out of Consul. */
  readonly removed: string[] = []
  /** How often nothing was left of a service. */
  emptied = 0
  /** Time between two changes that Consul tells of. */
  readonly #tellsEveryMs: number

  constructor(tellsEveryMs: number) {
    this.#tellsEveryMs = tellsEveryMs
    this.gateway = new Gateway({
      owner: 'gw',
      legacy: { name: 'zk', backend: this.zk },
      mesh: { name: 'consul', backend: this.consul },
      clock: this.clock,
      wrap: (registry) => (registry.name === 'consul' ? this.#late(registry) : registry),
    })
  }

  /** Time goes by in small steps, as what waits for it asks for the time when it wakes. */
  async pass(ms: number): Promise<void> {
    for (let past = 0; past < ms; past += 500) {
      await this.clock.advance(500)
      await turns(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
  }

  #late(registry: Registry): Registry {
    const { clock } = this
    const everyMs = this.#tellsEveryMs
    const isSilent = (): boolean => this.isSilent
    const watch: RegistrySource['watch'] = async function* (signal) {
      for await (const event of registry.source.watch(signal)) {
        if (event.kind !== 'snapshot') await clock.sleep(everyMs, signal).catch(() => undefined)
        while (isSilent() && !signal.aborted) await clock.sleep(100, signal).catch(() => undefined)
        yield event
      }
    }
    return altered(registry, {
      source: { watch },
      sink: {
        ...named(registry.sink),
        apply: async (change, signal) => {
          this.writes.push(keyText(change.key))
          if (!this.loses) await registry.sink.apply(change, signal)
        },
      },
    })
  }
}

test('failure mode 9: what a slow registry tells late of is not written again as long as it tells of others', async () => {
  await using world = new World(2_000)
  for (let n = 0; n < SERVICES; n += 1) world.zk.register(service(n), instance(`h${n}`))
  await world.pass(40_000)
  expect(world.gateway.isSettled()).toBe(true)
  const all = Array.from({ length: SERVICES }, (_, n) => keyText(service(n)))
  expect([...world.writes].sort()).toEqual(all.sort())
})

test('a write that was lost is made again when its registry has told of nothing for ten seconds', async () => {
  await using world = new World(1)
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  expect(world.writes).toEqual(['http:pay'])
  world.loses = false
  await world.pass(15_000)
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})

test('… and within a minute or so from a registry that tells of others all the time', async () => {
  await using world = new World(1)
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  world.loses = false
  for (let second = 0; second < 70; second += 1) {
    world.consul.register(
      { name: 'other', protocol: 'http' },
      { ...instance('o'), port: second + 1 },
    )
    await world.pass(1_000)
  }
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})

/** What a write said, once for each. */
const releases = (backend: ObservedBackend): readonly string[] =>
  backend.instances(PAY).map(({ labels }) => labels['release'] ?? '')

function release(said: string): Instance {
  return { ...instance('h'), labels: { release: said } }
}

/** As in Dubbo, where the whole of a provider is the name of its znode. */
function named(sink: Registry['sink']): Partial<Registry['sink']> {
  return {
    normalize: (key, one) => {
      const read = sink.normalize(key, one)
      return { ...read, id: `${read.id}?${one.labels['release'] ?? ''}` }
    },
  }
}

/** A world in which a first release is known on both sides, and a mesh that then tells of nothing. */
async function silentWorld(): Promise<World> {
  const world = new World(1)
  world.zk.register(PAY, release('1'))
  await world.pass(1_000)
  expect(releases(world.consul)).toEqual(['1'])
  world.isSilent = true
  return world
}

/** Until all is heard: nothing of what was done may have to be mended then. */
async function expectLeft(world: World, left: readonly string[]): Promise<void> {
  const removed = [...world.removed]
  expect(releases(world.consul)).toEqual(left)
  world.isSilent = false
  await world.pass(15_000)
  expect(world.gateway.isSettled()).toBe(true)
  expect(releases(world.consul)).toEqual(left)
  expect(world.removed).toEqual(removed)
}

test('failure mode 9: of two changes the second takes along what the first wrote, heard of or not', async () => {
  await using world = await silentWorld()
  for (const said of ['2', '3']) {
    world.zk.register(PAY, release(said))
    await world.pass(500)
  }
  await expectLeft(world, ['3'])
  expect(world.removed).toEqual(['1', '2'])
  expect(world.emptied).toBe(0)
})

test('a change taken back before it was heard of leaves what stood before, and never nothing', async () => {
  await using world = await silentWorld()
  for (const said of ['2', '1']) {
    world.zk.register(PAY, release(said))
    await world.pass(500)
  }
  await expectLeft(world, ['1'])
  expect(world.emptied).toBe(0)
})

test('what goes before its last change was heard of goes at once', async () => {
  await using world = await silentWorld()
  world.zk.register(PAY, release('2'))
  await world.pass(500)
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await expectLeft(world, [])
})

test('what came and went before it was heard of goes at once', async () => {
  await using world = await silentWorld()
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  expect(releases(world.consul)).toEqual([])
  world.zk.register(PAY, release('1'))
  await world.pass(500)
  expect(releases(world.consul)).toEqual(['1'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await expectLeft(world, [])
})

test('a drain takes back what was not heard of as well', async () => {
  await using world = await silentWorld()
  world.zk.register(PAY, release('2'))
  await world.pass(500)
  world.gateway.bridge.order('drain', {})
  await world.pass(500)
  await expectLeft(world, [])
})
