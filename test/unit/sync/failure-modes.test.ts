import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { BridgeOptions } from '../../../src/sync/bridge-parts.ts'
import { eventually } from '../../support/eventually.ts'
import { altered } from '../../support/sync/altered.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import type { GatewaySetup } from '../../support/sync/gateway.ts'
import { ObservedBackend, turns, unevenPace } from '../../support/sync/observed-backend.ts'

/** What has made bridges between registries lose services, each with the number that it is known by. */

const service = (n: number): ServiceKey => ({ name: `s${n}`, protocol: 'http' })
const PAY = { name: 'pay', protocol: 'http' }

function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {}, ...part }
}

class World implements AsyncDisposable {
  /** What gateways took out of the mesh, at the moment they did. */
  readonly removed: string[] = []
  readonly zk: ObservedBackend
  readonly consul: ObservedBackend
  readonly #gateways: Gateway[] = []

  constructor(seed = 1) {
    this.zk = new ObservedBackend({ keeps: 'session', pace: unevenPace(seed) })
    this.consul = new ObservedBackend({ pace: unevenPace(seed + 1) }, (key) =>
      this.removed.push(keyText(key)),
    )
  }

  start(options: Partial<BridgeOptions> = {}, wrap?: GatewaySetup['wrap']): Gateway {
    const gateway = new Gateway({
      owner: 'gw',
      legacy: { name: 'zk', backend: this.zk },
      mesh: { name: 'consul', backend: this.consul },
      options,
      ...(wrap && { wrap }),
    })
    this.#gateways.push(gateway)
    return gateway
  }

  /** A gateway that has carried `count` services of one instance each. */
  async carried(count: number, options: Partial<BridgeOptions> = {}): Promise<Gateway> {
    for (let n = 0; n < count; n += 1) this.zk.register(service(n), instance('a'))
    const gateway = this.start(options)
    await eventually('carried', () => gateway.isSettled() && this.consul.keys().length === count)
    return gateway
  }

  loseAll(count: number): void {
    for (let n = 0; n < count; n += 1) this.zk.deregister(service(n), 'a')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.#gateways) await gateway[Symbol.asyncDispose]()
  }
}

const held = ({ bridge }: Gateway): number => bridge.status().directions[0]?.held.length ?? 0
const state = ({ bridge }: Gateway): string => bridge.status().mirrors[0]?.state ?? ''

describe('what is there stays', () => {
  test('failure mode 1: a start removes nothing before everything has been read once', async () => {
    await using world = new World()
    const first = await world.carried(20)
    await first.kill()
    const writes = world.consul.writes
    world.zk.hide(['s3', 's4'])
    world.zk.disconnect()
    const second = world.start()
    await turns(50)
    expect(second.bridge.ready()).toBe(false)
    world.zk.connect()
    await eventually('part is read', () => second.bridge.ready())
    await turns(50)
    world.zk.hide([])
    await eventually('all is read', () => second.isSettled())
    expect(world.removed).toEqual([])
    expect(world.consul.writes).toBe(writes)
  })

  test('failure mode 2: what could not be read is not gone, a name or a registry', async () => {
    await using world = new World()
    const gateway = await world.carried(3)
    world.zk.hide(['s0'])
    await eventually('one is unknown', () =>
      (gateway.bridge.status().mirrors[0]?.unknownNames ?? []).includes('s0'),
    )
    await turns(30)
    world.zk.disconnect()
    await eventually('all are', () => state(gateway) === 'stale')
    await turns(30)
    expect(world.removed).toEqual([])
    world.zk.deregister(service(1), 'a')
    world.zk.hide([])
    world.zk.connect()
    await eventually('what was read to be gone goes', () => world.removed.length === 1)
    await eventually('settled', () => gateway.isSettled())
    expect(world.removed).toEqual(['http:s1'])
  })

  test('failure mode 3: the last instance of the last service does go', async () => {
    await using world = new World()
    const gateway = await world.carried(1)
    world.zk.deregister(service(0), 'a')
    await eventually('gone', () => world.consul.keys().length === 0)
    await eventually('taken back from the edge', () => gateway.exposure.offered().length === 0)
    // Also when all went at once: a second read confirms it, with no operator near.
    const strict = { share: 0, atLeast: 0, windowMs: 60, holdMs: 600_000 }
    const other = new World(2)
    await using both = other
    await both.carried(6, { removalBudget: strict })
    both.loseAll(6)
    await eventually('confirmed by a second read', () => both.consul.keys().length === 0)
  })

  test('failure mode 4: a registry that comes back empty empties nothing', async () => {
    await using world = new World()
    const budget = { share: 0.3, atLeast: 1, windowMs: 600_000, holdMs: 600_000 }
    const gateway = await world.carried(10, { removalBudget: budget })
    world.zk.disconnect()
    await eventually('stale', () => state(gateway) === 'stale')
    world.loseAll(10)
    world.zk.connect()
    await eventually('held', () => held(gateway) === 7)
    // Its clients come back one after the other.
    for (let n = 0; n < 10; n += 1) world.zk.register(service(n), instance('b'))
    await eventually('all are back', () => gateway.isSettled() && held(gateway) === 0)
    expect(world.consul.keys()).toHaveLength(10)
    expect(world.removed).toHaveLength(3)
  })

  test('failure mode 5: after a session has expired all that died with it is written anew', async () => {
    await using world = new World()
    for (let n = 0; n < 5; n += 1) world.consul.register(service(n), instance('a'))
    const gateway = world.start()
    await eventually('carried', () => gateway.isSettled() && world.zk.keys().length === 5)
    for (let round = 0; round < 3; round += 1) {
      world.zk.expireSessions()
      expect(world.zk.keys()).toHaveLength(0)
      await eventually('written anew', () => gateway.isSettled() && world.zk.keys().length === 5)
    }
    expect(world.removed).toEqual([])
    expect(world.zk.writes).toBe(20)
  })

  test('failure mode 6: the record of the run before expires, and the new run at its ip:port stays', async () => {
    await using world = new World()
    const address = { host: '10.0.0.1', port: 20_880 }
    world.zk.register(PAY, instance('run-1', address))
    const gateway = world.start()
    await eventually('carried', () => gateway.isSettled() && world.consul.keys().length === 1)
    const writes = world.consul.writes
    const endpoints = (): string => {
      const [there] = world.consul.instances(PAY)
      return String(there && gateway.exposure.behind(there).map(({ id, host }) => `${id} ${host}`))
    }
    world.zk.register(PAY, instance('run-1', { ...address, health: 'critical' }))
    world.zk.register(PAY, instance('run-2', address))
    await eventually('the one that runs is called', () => endpoints() === 'run-2 10.0.0.1')
    world.zk.register(PAY, instance('run-1', address))
    await eventually('one address, one endpoint', () => endpoints() === 'run-1 10.0.0.1')
    world.zk.deregister(PAY, 'run-1')
    await eventually('the new run stays', () => endpoints() === 'run-2 10.0.0.1')
    expect(world.consul.writes).toBe(writes)
    expect(world.removed).toEqual([])
  })

  test('failure mode 7: a record that lost its mark is mended, and neither carried back nor doubled', async () => {
    await using world = new World()
    const gateway = await world.carried(1)
    const [ours] = world.consul.instances(service(0))
    if (!ours) throw new Error('not carried')
    const { origin, ...bare } = ours
    expect(origin?.owner).toBe('gw')
    world.consul.register(service(0), { ...bare, labels: { rewritten: 'by a tool' } })
    await eventually('mended', () => {
      const [now] = world.consul.instances(service(0))
      return now?.origin?.owner === 'gw' && now.labels['rewritten'] === undefined
    })
    await eventually('settled', () => gateway.isSettled())
    expect(world.consul.instances(service(0))).toEqual([ours])
    expect(world.zk.dump()).toHaveLength(1)
    expect(world.removed).toEqual([])
  })
})

describe('writes follow changes', () => {
  const SERVICES = 500
  const COPIES = 10

  test('failure mode 9: 5,000 instances restarted at once are no more writes than services that changed', async () => {
    await using world = new World()
    const put = (n: number, run: number, labels: Instance['labels']): void => {
      for (let copy = 0; copy < COPIES; copy += 1) {
        const part = {
          host: `10.${n >> 8}.${n & 255}.${copy}`,
          labels: { ...labels, pid: `${run}` },
        }
        world.zk.register(service(n), instance(`run-${run}-${copy}`, part))
      }
    }
    const end = (n: number, run: number): void => {
      for (let copy = 0; copy < COPIES; copy += 1) {
        world.zk.deregister(service(n), `run-${run}-${copy}`)
      }
    }
    for (let n = 0; n < SERVICES; n += 1) put(n, 1, { release: '1' })
    const gateway = world.start()
    // A look plans everything, which takes longer than to carry it: that gets the processor first.
    const all = async (): Promise<boolean> => {
      await turns(SERVICES)
      return world.consul.keys().length === SERVICES && gateway.isSettled()
    }
    await eventually('carried', all, 60_000)
    expect(world.consul.writes).toBe(SERVICES)
    // All restart as they were: each new run is there before the old one has expired.
    for (let n = 0; n < SERVICES; n += 1) put(n, 2, { release: '1' })
    await turns(20)
    for (let n = 0; n < SERVICES; n += 1) end(n, 1)
    const runs = (run: number): boolean =>
      [0, SERVICES - 1].every((n) => {
        const [there] = world.consul.instances(service(n))
        const behind = there ? gateway.exposure.behind(there) : []
        return behind.length === COPIES && behind.every(({ id }) => id.startsWith(`run-${run}-`))
      })
    await eventually('the second run is called', async () => (await all()) && runs(2), 60_000)
    expect(world.consul.writes).toBe(SERVICES)
    // And in a new release, instance by instance: at most once for what was mixed, once for the end.
    for (let n = 0; n < SERVICES; n += 1) put(n, 3, { release: '2' })
    for (let n = 0; n < SERVICES; n += 1) end(n, 2)
    await eventually('the third run is called', async () => (await all()) && runs(3), 60_000)
    const said = new Set(
      world.consul.keys().map((key) => world.consul.instances(key)[0]?.labels['release']),
    )
    expect(said).toEqual(new Set(['2']))
    expect(world.consul.writes).toBeGreaterThanOrEqual(2 * SERVICES)
    expect(world.consul.writes).toBeLessThanOrEqual(3 * SERVICES)
    expect(world.removed).toEqual([])
  }, 120_000)

  test('failure mode 10: the first change does not wait for anything', async () => {
    await using world = new World()
    const anHour = { quietPeriodMs: 3_600_000, maxDelayMs: 3_600_000 }
    for (const n of [0, 1]) world.zk.register(service(n), instance('a'))
    world.start(anHour)
    await eventually('carried', () => world.consul.keys().length === 2)
    world.zk.register(service(2), instance('a'))
    await eventually('a new service is there', () => world.consul.keys().length === 3)
  })
})

const edit = fc.record({
  service: fc.nat(1),
  id: fc.nat(3),
  what: fc.constantFrom('put', 'relabel', 'sicken', 'drop', 'drop'),
  pause: fc.nat(6),
})

test('failure mode 14: law: a surviving instance is never absent, neither from a registry nor at the edge', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 30 }),
      fc.nat(100_000),
      async (edits, seed) => {
        await using world = new World(seed)
        for (const n of [0, 1]) world.zk.register(service(n), instance(`survivor-${n}`))
        const gateway = world.start()
        await eventually('carried', () => gateway.isSettled() && world.consul.keys().length === 2)
        const expectThere = (): void => {
          for (const n of [0, 1]) {
            const hosts = world.consul
              .instances(service(n))
              .flatMap((one) => gateway.exposure.behind(one))
              .map(({ host }) => host)
            expect(hosts).toContain(`survivor-${n}.own`)
          }
        }
        const look = async (rounds: number): Promise<void> => {
          for (let round = 0; round < rounds; round += 1) {
            await turns(1)
            expectThere()
          }
        }
        for (const { service: n, id, what, pause } of edits) {
          const name = `other-${id}`
          if (what === 'drop') world.zk.deregister(service(n), name)
          else {
            const health = what === 'sicken' ? 'critical' : 'passing'
            const labels: Instance['labels'] = what === 'relabel' ? { team: 'x' } : {}
            world.zk.register(service(n), instance(name, { health, labels }))
          }
          await look(pause)
        }
        await look(20)
        expect(world.removed).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

describe('failure mode 15: nothing hangs, and nothing is left behind', () => {
  test('what a registry never takes holds up nothing else', async () => {
    await using world = new World()
    for (let n = 0; n < 200; n += 1) world.zk.register(service(n), instance('a'))
    const isBad = ({ name }: ServiceKey): boolean => Number(name.slice(1)) % 2 === 0
    const gateway = world.start({}, (registry) =>
      registry.name === 'zk'
        ? registry
        : altered(registry, {
            sink: {
              apply: async (change, signal) => {
                if (!isBad(change.key)) {
                  await registry.sink.apply(change, signal)
                  return
                }
                throw new IsthmusError('REGISTRY_UNAVAILABLE', 'never', { retry: true })
              },
            },
          }),
    )
    await eventually('the others are there', () => world.consul.keys().length === 100)
    world.zk.register(service(201), instance('a'))
    await eventually('also a new one', () => world.consul.keys().length === 101)
    expect(gateway.bridge.status().directions[0]?.failing).toBeLessThanOrEqual(100)
  })

  test('a write that is never answered holds up its own service alone, and ends with the gateway', async () => {
    await using world = new World()
    for (let n = 0; n < 10; n += 1) world.zk.register(service(n), instance('a'))
    const gateway = world.start({}, (registry) =>
      registry.name === 'zk'
        ? registry
        : altered(registry, {
            sink: {
              apply: async (change, signal) => {
                if (change.key.name !== 's3') {
                  await registry.sink.apply(change, signal)
                  return
                }
                await new Promise((resolve) => signal.addEventListener('abort', resolve))
                signal.throwIfAborted()
              },
            },
          }),
    )
    await eventually('the others are there', () => world.consul.keys().length === 9)
    const working = () => gateway.bridge.status().directions[0]?.working
    await eventually('the others are answered', () => working() === 1)
    await gateway.kill()
  })

  test('after services have come and gone by the hundred, nothing waits and nothing is offered', async () => {
    await using world = new World()
    const gateway = await world.carried(1)
    for (let round = 0; round < 5; round += 1) {
      for (let n = 1; n <= 100; n += 1) world.zk.register(service(n), instance('a'))
      await turns(round * 20)
      for (let n = 1; n <= 100; n += 1) world.zk.deregister(service(n), 'a')
      if (round === 2) gateway.resync()
    }
    await eventually('settled', () => gateway.isSettled() && world.consul.keys().length === 1)
    await eventually('one is offered', () => gateway.exposure.offered().length === 1)
    for (const direction of gateway.bridge.status().directions) {
      const { waiting, working, failing, deferred, collisions } = direction
      expect({ waiting, working, failing, deferred, collisions }).toEqual({
        ...{ waiting: 0, working: 0, failing: 0, deferred: 0 },
        collisions: [],
      })
    }
  })
})
