import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Instance } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../../support/eventually.ts'
import { Cluster, CLUSTER, modeFor, writerState } from '../../support/sync/cluster.ts'
import type { Gateway } from '../../support/sync/gateway.ts'
import { dubboLike, latePace } from '../../support/sync/dubbo-like.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { withoutMarks } from '../../support/sync/ring.ts'
import { TOLD_AFTER } from '../../support/sync/told-after.ts'

const PAY = { name: 'pay', protocol: 'http' }
const SHOP = { name: 'shop', protocol: 'http' }
const DIRECT = { addressing: modeFor('direct') }
const BY_GATEWAY = { addressing: modeFor('gateway') }

/** A write that failed is in doubt for ten seconds, and that is looked at every two and a half. */
const SETTLES_MS = 20_000

function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {}, ...part }
}

/** Where callers of the mesh are sent, in order. */
function hosts(cluster: Cluster, key = PAY): readonly string[] {
  return cluster.mesh
    .instances(key)
    .map(({ host }) => host)
    .sort()
}

async function shows(cluster: Cluster, expected: readonly string[], key = PAY): Promise<void> {
  await eventually(`${key.name} at ${String(expected)}`, () => {
    return String(hosts(cluster, key)) === String(expected)
  })
}

async function settled(...gateways: readonly Gateway[]): Promise<void> {
  await eventually('settled', () => gateways.every((one) => one.isSettled()))
}

describe('each instance at its own address', () => {
  test('health, weight, zone and labels are those of the instance', async () => {
    await using cluster = new Cluster()
    const all = [
      instance('a', { weight: 30, zone: 'north', labels: { release: '1', timestamp: '17' } }),
      instance('b', { health: 'warning', zone: 'south' }),
      instance('c', { health: 'critical' }),
      instance('d', { weight: 0 }),
    ]
    for (const one of all) cluster.legacy.register(PAY, one)
    const gateway = cluster.start('gw-1', DIRECT)
    await shows(cluster, ['a.own', 'b.own', 'c.own', 'd.own'])
    const written = [...cluster.mesh.instances(PAY)].sort((a, b) => (a.host < b.host ? -1 : 1))
    const origin = { owner: CLUSTER, registry: 'legacy', key: PAY, path: [CLUSTER] }
    expect(written).toEqual(all.map((one) => ({ ...one, id: expect.any(String), origin })))
    // No request comes here for it, so there is no port.
    expect(gateway.exposure.offered()).toEqual([])
  })

  test('one that takes no traffic is left out where the target could only show it as one that does', async () => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    cluster.legacy.register(PAY, instance('b', { health: 'critical' }))
    cluster.start('gw-1', DIRECT, (registry) => ({
      ...registry,
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
      sink: {
        apply: (change, signal) => registry.sink.apply(change, signal),
        normalize: (key, one) => registry.sink.normalize(key, { ...one, health: 'passing' }),
        recognizes: (owner, key, one) => registry.sink.recognizes(owner, key, one),
        accepts: (key) => registry.sink.accepts(key),
      },
    }))
    await shows(cluster, ['a.own'])
    cluster.legacy.register(PAY, instance('b'))
    await shows(cluster, ['a.own', 'b.own'])
  })

  test('a change of one instance writes one record, and the steady state none', async () => {
    await using cluster = new Cluster()
    for (const id of ['a', 'b', 'c']) cluster.legacy.register(PAY, instance(id))
    const gateway = cluster.start('gw-1', DIRECT)
    await shows(cluster, ['a.own', 'b.own', 'c.own'])
    await settled(gateway)
    const writes = cluster.mesh.writes
    cluster.legacy.register(PAY, instance('b', { weight: 7 }))
    await eventually('written', () =>
      cluster.mesh.instances(PAY).some(({ weight }) => weight === 7),
    )
    cluster.legacy.deregister(PAY, 'c')
    await shows(cluster, ['a.own', 'b.own'])
    await settled(gateway)
    gateway.resync()
    await turns(50)
    expect(cluster.mesh.writes).toBe(writes + 2)
  })

  test('the last rule decides nothing when an earlier one fits; others have the gateway’s address', async () => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    cluster.legacy.register(SHOP, instance('b'))
    const rules = [
      { service: 'p?y', mode: 'direct' as const },
      { service: '*', mode: 'gateway' as const },
    ]
    const gateway = cluster.start('gw-1', { addressing: modeFor('direct', rules) })
    await shows(cluster, ['a.own'])
    await shows(cluster, ['gw-1.test'], SHOP)
    expect(gateway.bridge.exported()).toBe(1) // what a drain waits for
    const [explained] = gateway.bridge.explain('pay').services
    expect(explained?.exports[0]?.addressing).toEqual({
      mode: 'direct',
      rule: 'addressing.legacyToMesh p?y',
    })
  })

  test.each([
    ['by their mark and by their id', (one: Parameters<typeof withoutMarks>[0]) => one],
    ['by their id, with the marks gone', withoutMarks],
  ])('records of the cluster are not carried back, known %s', async (_, wrap) => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    const both = {
      legacyToMesh: modeFor('direct').legacyToMesh,
      meshToLegacy: modeFor('direct').legacyToMesh,
    }
    const gateways = ['gw-1', 'gw-2'].map((id) => cluster.start(id, { addressing: both }, wrap))
    await shows(cluster, ['a.own'])
    await settled(...gateways)
    const writes = cluster.mesh.writes
    for (const one of gateways) one.resync()
    await turns(100)
    await settled(...gateways)
    expect(cluster.legacy.instances(PAY)).toHaveLength(1)
    expect(cluster.legacy.writes).toBe(0)
    expect(cluster.mesh.writes).toBe(writes)
  })
})

describe('from one address to the other', () => {
  test('the instances are there before the gateways’ entries go, and the other way round', async () => {
    await using cluster = new Cluster()
    for (const id of ['a', 'b']) cluster.legacy.register(PAY, instance(id))
    const gateways = ['gw-1', 'gw-2'].map((id) => cluster.start(id, BY_GATEWAY))
    await shows(cluster, ['gw-1.test', 'gw-2.test'])
    expect(gateways.map(writerState)).toEqual(['idle', 'idle'])
    // The replica that is told first may not be the one that writes.
    for (const one of gateways) one.configure(DIRECT)
    await shows(cluster, ['a.own', 'b.own'])
    await eventually('ports are given back', () =>
      gateways.every(({ exposure }) => exposure.offered().length === 0),
    )
    for (const one of gateways) one.configure(BY_GATEWAY)
    await shows(cluster, ['gw-1.test', 'gw-2.test'])
    await eventually('nobody needs a writer', () =>
      gateways.every((one) => writerState(one) === 'idle'),
    )
    expect(cluster.absent).toEqual([])
    expect(cluster.emptied).toEqual([])
  })

  test('a standby keeps its entry until the writer has written the instances', async () => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    const standby = cluster.start('gw-1', BY_GATEWAY)
    await shows(cluster, ['gw-1.test'])
    const stop = cluster.holdLease()
    standby.configure(DIRECT)
    await eventually('asks for the lease', () => writerState(standby) === 'standby')
    await turns(100)
    expect(hosts(cluster)).toEqual(['gw-1.test'])
    stop()
    await shows(cluster, ['a.own'])
    expect(cluster.emptied).toEqual([])
  })

  test('a drain takes back what points to the gateway, and leaves the instances to another replica', async () => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    const first = cluster.start('gw-1', DIRECT)
    await shows(cluster, ['a.own'])
    const second = cluster.start('gw-2', DIRECT)
    await eventually('ready', () => writerState(second) === 'standby')
    first.bridge.order('drain', {})
    await eventually('the other one writes', () => cluster.writer() === second)
    expect(hosts(cluster)).toEqual(['a.own'])
    expect(first.bridge.exported()).toBe(0)
    // What an operator waits for is over, though the cluster's records stand.
    expect(first.bridge.status().directions[0]).toMatchObject({ exported: 1, pointing: 0 })
    cluster.legacy.register(PAY, instance('b'))
    await shows(cluster, ['a.own', 'b.own'])
  })
})

describe('one writer of several replicas', () => {
  test('the standby writes next when the writer is gone; nothing is written anew', async () => {
    await using cluster = new Cluster()
    for (const id of ['a', 'b']) cluster.legacy.register(PAY, instance(id))
    const first = cluster.start('gw-1', DIRECT)
    await shows(cluster, ['a.own', 'b.own'])
    const second = cluster.start('gw-2', DIRECT)
    await eventually('stands by', () => writerState(second) === 'standby')
    const writes = cluster.mesh.writes
    await first.kill()
    cluster.mesh.expireSessions() // what lives by the session of the one that died goes now
    await eventually('the other one writes', () => cluster.writer() === second)
    await settled(second)
    expect(cluster.mesh.writes).toBe(writes)
    cluster.legacy.deregister(PAY, 'a')
    await shows(cluster, ['b.own'])
    expect(cluster.absent).toEqual([])
  })

  test('a successor that has read less than its predecessor removes nothing by that', async () => {
    await using cluster = new Cluster()
    cluster.legacy.register(PAY, instance('a'))
    let lags = false
    const second = cluster.start('gw-2', DIRECT, (registry) => ({
      ...registry,
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
      source: {
        resync: () => {
          lags = false
          registry.source.resync()
        },
        async *watch(signal) {
          for await (const event of registry.source.watch(signal)) {
            if (registry.name !== 'legacy' || !lags) yield event
          }
        },
      },
    }))
    await shows(cluster, ['a.own'])
    const first = cluster.start('gw-1', DIRECT)
    await eventually('stands by', () => writerState(first) === 'standby')
    await eventually('the other one writes', () => {
      if (cluster.writer() === second) cluster.endTerm()
      return cluster.writer() === first
    })
    await settled(first, second)
    lags = true
    cluster.legacy.register(PAY, instance('b'))
    await shows(cluster, ['a.own', 'b.own'])
    await first.kill()
    await eventually('writes again', () => cluster.writer() === second)
    await settled(second)
    expect(hosts(cluster)).toEqual(['a.own', 'b.own'])
    expect(cluster.absent).toEqual([])
  })

  test('a service that loses many of its instances at once counts as one that is withdrawn', async () => {
    await using cluster = new Cluster()
    for (let n = 0; n < 10; n += 1) cluster.legacy.register(PAY, instance(`i${String(n)}`))
    const removalBudget = { share: 0.3, atLeast: 0, windowMs: 60_000, holdMs: 60_000 }
    const gateway = cluster.start('gw-1', { ...DIRECT, removalBudget })
    await eventually('carried', () => hosts(cluster).length === 10)
    await settled(gateway)
    cluster.legacy.deregister(PAY, 'i0')
    await eventually('one less is no mass', () => hosts(cluster).length === 9)
    await cluster.legacyAtOnce(() => {
      for (let n = 1; n < 9; n += 1) cluster.legacy.deregister(PAY, `i${String(n)}`)
      cluster.legacy.register(PAY, instance('fresh'))
    })
    await eventually('what is new is written', () => hosts(cluster).includes('fresh.own'))
    const heldKeys = (): number => gateway.bridge.status().directions[0]?.held.length ?? 0
    await eventually('held', () => heldKeys() === 1)
    expect(hosts(cluster)).toHaveLength(10)
    expect(gateway.bridge.plan()[0]?.action).toBe('hold')
    gateway.bridge.release({})
    await shows(cluster, ['fresh.own', 'i9.own'])
  })

  // A gateway knows that its session has ended before it writes in another: it is not told late of that.
  const worlds = [
    ['', 1, () => (registry: Registry) => registry],
    [', told of late', 0, (seed: number) => dubboLike(latePace(seed))],
  ] as const
  const title =
    'whatever happens to the writers, no instance that runs is ever absent, and one alone writes'
  test.each(worlds)(
    `${title}%s`,
    async (_, expires, wrapFor) => {
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.constant('register' as const) },
        { weight: 3, arbitrary: fc.constant('deregister' as const) },
        { weight: 1, arbitrary: fc.constant('sicken' as const) },
        { weight: 3, arbitrary: fc.constant('end-term' as const) },
        { weight: expires, arbitrary: fc.constant('expire' as const) },
        { weight: 1, arbitrary: fc.constant('outage' as const) },
        { weight: 2, arbitrary: fc.constant('replace-gateway' as const) },
        { weight: 2, arbitrary: fc.constant('readdress' as const) },
      )
      const run = fc.array(fc.tuple(step, fc.nat(15)), { minLength: 5, maxLength: 25 })
      await fc.assert(
        fc.asyncProperty(run, fc.nat(1_000), async (steps, seed) => {
          await using cluster = new Cluster(seed)
          const changing = new Churn(cluster, wrapFor(seed))
          for (const [kind, pause] of steps) {
            await changing.step(kind)
            await turns(pause)
          }
          await changing.settle()
          expect(cluster.absent).toEqual([])
          expect(cluster.unfenced).toEqual([])
        }),
        { numRuns: 40, ...TOLD_AFTER },
      )
    },
    120_000,
  )
})

/** Two replicas, and what can happen to them while instances come and go. */
class Churn {
  readonly #cluster: Cluster
  readonly #wrap: (registry: Registry) => Registry
  readonly #running: Instance[] = []
  #gateways: Gateway[]
  #options: typeof DIRECT = DIRECT
  #count = 0

  constructor(cluster: Cluster, wrap: (registry: Registry) => Registry) {
    this.#cluster = cluster
    this.#wrap = wrap
    this.#gateways = ['gw-1', 'gw-2'].map((id) => cluster.start(id, this.#options, wrap))
  }

  async step(kind: string): Promise<void> {
    const { legacy, mesh } = this.#cluster
    switch (kind) {
      case 'register':
        this.#running.push(instance(`i${String(this.#count++)}`))
        legacy.register(PAY, this.#running.at(-1) ?? instance('none'))
        return
      case 'deregister':
        legacy.deregister(PAY, this.#running.shift()?.id ?? 'none')
        return
      case 'sicken':
        for (const one of this.#running.slice(0, 1)) legacy.register(PAY, { ...one, weight: 5 })
        return
      case 'end-term':
        this.#cluster.endTerm()
        return
      case 'expire':
        mesh.expireSessions()
        return
      case 'outage':
        mesh.disconnect()
        await turns(5)
        mesh.connect()
        return
      case 'replace-gateway':
        await this.#replace()
        return
      default:
        this.#options = this.#options === DIRECT ? BY_GATEWAY : DIRECT
        for (const one of this.#gateways) one.configure(this.#options)
    }
  }

  async #replace(): Promise<void> {
    const [first, ...others] = this.#gateways
    await first?.[Symbol.asyncDispose]()
    const owner = `gw-${String(this.#count++ + 3)}`
    this.#gateways = [...others, this.#cluster.start(owner, this.#options, this.#wrap)]
  }

  async settle(): Promise<void> {
    // What was answered and is lost is known to be so by the second read.
    for (const one of [...this.#gateways, ...this.#gateways]) await one.readAgain()
    await eventually('settled', () => this.#gateways.every((one) => one.isSettled()), SETTLES_MS)
    const expected = this.#running.map(({ host }) => host).sort()
    if (this.#options === DIRECT) await shows(this.#cluster, expected)
  }
}
