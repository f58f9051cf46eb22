import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { ObservedBackend, turns, unevenPace } from '../../support/sync/observed-backend.ts'
import { keyOf, Ring, textsOf } from '../../support/sync/ring.ts'

const PAY = keyOf('http:pay')
const STOCK = keyOf('http:stock')

function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {}, ...part }
}

interface World extends AsyncDisposable {
  readonly old: MemoryBackend
  readonly new: MemoryBackend
  readonly consul: MemoryBackend
  readonly gateway: Gateway
  /** Where a request for a mesh service of ours would end. */
  behind(key: ServiceKey): readonly string[]
}

/** A legacy side of two registries, `old` before `new`, and a mesh of one. */
function world(): World {
  const [old, young, consul] = [new MemoryBackend(), new MemoryBackend(), new MemoryBackend()]
  const gateway = new Gateway({
    owner: 'gw',
    legacy: [
      { name: 'old', backend: old },
      { name: 'new', backend: young },
    ],
    mesh: { name: 'consul', backend: consul },
  })
  const behind = (key: ServiceKey): readonly string[] =>
    consul
      .instances(key)
      .flatMap((one) => gateway.exposure.behind(one))
      .map(({ id, health }) => `${id} ${health}`)
  const close = (): Promise<void> => gateway[Symbol.asyncDispose]()
  return { old, new: young, consul, gateway, behind, [Symbol.asyncDispose]: close }
}

const states = ({ gateway }: World): readonly string[] =>
  gateway.bridge.status().mirrors.map(({ registry, state }) => `${registry} ${state}`)

describe('several registries on one side', () => {
  test('are read as one: each ip:port once, and the first of them is believed about it', async () => {
    await using it = world()
    const shared = { host: '10.0.0.1', port: 1 }
    it.old.register(PAY, instance('a', { ...shared, health: 'warning' }))
    it.new.register(PAY, instance('z', { ...shared, health: 'passing' }))
    // The same id in both is two instances if the addresses differ.
    it.old.register(PAY, instance('b', { host: '10.0.0.2' }))
    it.new.register(PAY, instance('b', { host: '10.0.0.3' }))
    const expected = ['new/b passing', 'old/a warning', 'old/b passing']
    await eventually('merged', () => String(it.behind(PAY)) === String(expected))
    await eventually('settled', () => it.gateway.isSettled())
    expect(it.consul.instances(PAY).map(({ origin }) => origin)).toEqual([
      { owner: 'gw', registry: 'old', key: PAY, path: ['gw'] },
    ])
    expect(it.consul.writes).toBe(1)
  })

  test('each gets what the other side has, and nothing goes from one to another', async () => {
    await using it = world()
    it.consul.register(PAY, instance('p'))
    it.old.register(STOCK, instance('s'))
    const shown = (): string => String([it.old, it.new].map((one) => one.keys().map(keyText)))
    await eventually('in both', () => shown() === 'http:stock,http:pay,http:pay')
    await eventually('settled', () => it.gateway.isSettled())
    it.consul.deregister(PAY, 'p')
    await eventually('out of both', () => shown() === 'http:stock,')
    await eventually('one is offered', () => it.gateway.exposure.offered().length === 1)
    expect(it.gateway.exposure.offered()).toEqual(['legacy-to-mesh http:stock'])
  })

  test('nor through the other side and a gateway beside this one', async () => {
    await using ring = new Ring([
      { owner: 'g1', legacy: 'a+b', mesh: 'm' },
      { owner: 'g2', legacy: 'a+b', mesh: 'm' },
    ])
    ring.registry('a').register(PAY, instance('s'))
    await eventually('both gateways wrote', () => ring.registry('m').instances(PAY).length === 2)
    await turns(50)
    await eventually('settled', () => ring.isSettled())
    expect(textsOf(ring.registry('b'))).toEqual([])
    expect(ring.exports()).toHaveLength(2)
  })

  test('one that is stale keeps its part as it was seen, and holds up nothing of the others but removals', async () => {
    await using it = world()
    it.old.register(PAY, instance('old'))
    it.new.register(PAY, instance('new'))
    it.new.register(STOCK, instance('s'))
    await eventually('both', () => it.behind(PAY).length === 2 && it.behind(STOCK).length === 1)
    it.old.disconnect()
    await eventually('stale', () => states(it)[0] === 'old stale')
    expect(states(it).slice(1)).toEqual(['new complete', 'consul complete'])
    it.new.register(PAY, instance('more'))
    it.new.deregister(PAY, 'new')
    it.new.register(keyOf('http:late'), instance('l'))
    it.new.deregister(STOCK, 's')
    const expected = ['new/more passing', 'old/old passing']
    await eventually(
      'what the other says counts',
      () => String(it.behind(PAY)) === String(expected),
    )
    await eventually('a new one comes', () => it.behind(keyOf('http:late')).length === 1)
    // `old` may have it by now: nobody can tell.
    expect(it.consul.instances(STOCK)).toHaveLength(1)
    const waits = it.gateway.bridge.plan().filter(({ action }) => action === 'wait')
    expect(waits).toEqual([
      expect.objectContaining({ registry: 'consul', key: STOCK, reason: 'source-unknown' }),
    ])
    it.old.connect()
    await eventually('removed', () => it.consul.instances(STOCK).length === 0)
  })

  test('one that cannot be written holds up its own part alone, and status says which', async () => {
    await using it = world()
    it.old.register(STOCK, instance('s'))
    await eventually('read', () => it.gateway.isSettled() && it.consul.keys().length === 1)
    it.old.disconnect()
    await eventually('stale', () => states(it)[0] === 'old stale')
    it.consul.register(PAY, instance('p'))
    await eventually('in the other', () => it.new.keys().length === 1)
    const deferred = (): readonly string[] =>
      it.gateway.bridge
        .status()
        .directions.filter(({ name }) => name === 'mesh-to-legacy')
        .map(({ to, deferred: count }) => `${to} ${count}`)
    const expected = ['old 1', 'new 0']
    await eventually('only that one waits', () => String(deferred()) === String(expected))
    it.old.connect()
    await eventually('in both', () => it.old.keys().length === 2)
  })
})

const NAMES = ['http:pay', 'http:stock']
const edit = fc.record({
  registry: fc.nat(1),
  service: fc.constantFrom(...NAMES),
  id: fc.constantFrom('x', 'y'),
  what: fc.constantFrom(
    ...['put', 'put', 'put', 'drop', 'drop', 'drop', 'disconnect', 'connect', 'hide', 'unhide'],
    'restart',
  ),
  pause: fc.nat(12),
})

test('law: to lose one registry, or its copy of a service, never takes away what another still has', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 20 }),
      fc.nat(100_000),
      async (edits, seed) => {
        const own = [new Set<string>(), new Set<string>()] as const
        /** Services that no registry had at some time since they were last written. */
        const gone = new Set(NAMES)
        const wrong: string[] = []
        const legacies = [1, 2].map((n) => new MemoryBackend({ pace: unevenPace(seed + n) }))
        const mesh = new ObservedBackend({ pace: unevenPace(seed) }, (key) => {
          if (!gone.has(keyText(key))) wrong.push(keyText(key))
        })
        const start = (): Gateway =>
          new Gateway({
            owner: 'gw',
            legacy: legacies.map((backend, n) => ({ name: `zk${n}`, backend })),
            mesh: { name: 'consul', backend: mesh },
          })
        await using gateways = new Stack()
        let gateway = gateways.push(start())
        await eventually('ready', () => gateway.bridge.ready())
        const has = (service: string): boolean =>
          own.some((set) => [...set].some((one) => one.startsWith(service)))
        for (const { registry, service, id, what, pause } of edits) {
          const backend = legacies[registry] ?? mesh
          const set = own[registry] ?? new Set()
          if (what === 'put') {
            backend.register(keyOf(service), instance(`${registry}${id}`))
            set.add(`${service} ${registry}${id}`)
          } else if (what === 'drop') {
            backend.deregister(keyOf(service), `${registry}${id}`)
            set.delete(`${service} ${registry}${id}`)
          } else if (what === 'restart') {
            await gateway.kill()
            gateway = gateways.push(start())
          } else if (what === 'disconnect') backend.disconnect()
          else if (what === 'connect') backend.connect()
          else backend.hide(what === 'hide' ? [keyOf(service).name] : [])
          for (const one of NAMES) if (!has(one)) gone.add(one)
          await turns(pause)
          for (const one of NAMES) {
            if (has(one) && mesh.instances(keyOf(one)).length > 0 && gateway.isSettled()) {
              gone.delete(one)
            }
          }
        }
        for (const backend of legacies) {
          backend.connect()
          backend.hide([])
        }
        await eventually('settled', () => gateway.isSettled(), 4_000)
        await turns(30)
        await eventually('settled again', () => gateway.isSettled(), 4_000)
        for (const service of NAMES) {
          const hosts = mesh
            .instances(keyOf(service))
            .flatMap((one) => gateway.exposure.behind(one))
            .map(({ host }) => host)
          const expected = own.flatMap((set) =>
            [...set]
              .filter((one) => one.startsWith(service))
              .map((one) => `${one.split(' ')[1] ?? ''}.own`),
          )
          expect(hosts.sort()).toEqual(expected.sort())
        }
        expect(wrong).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

class Stack implements AsyncDisposable {
  readonly #gateways: Gateway[] = []

  push(gateway: Gateway): Gateway {
    this.#gateways.push(gateway)
    return gateway
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.#gateways) await gateway[Symbol.asyncDispose]()
  }
}
