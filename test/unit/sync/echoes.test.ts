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
  readonly consul = new ObservedBackend({})
  /** Every write into Consul that the gateway made, lost ones too. */
  readonly writes: string[] = []
  readonly gateway: Gateway
  /** Writes that are answered, and lost before anybody has read them. */
  loses = false
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
    const watch: RegistrySource['watch'] = async function* (signal) {
      for await (const event of registry.source.watch(signal)) {
        if (event.kind !== 'snapshot') await clock.sleep(everyMs, signal).catch(() => undefined)
        yield event
      }
    }
    return altered(registry, {
      source: { watch },
      sink: {
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
