import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isUsable, keyText } from '../../../src/registry/model.ts'
import type { Health, Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../../support/eventually.ts'
import { dubboLike, latePace } from '../../support/sync/dubbo-like.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { ObservedBackend, turns, unevenPace } from '../../support/sync/observed-backend.ts'
import { TOLD_AFTER } from '../../support/sync/told-after.ts'

type SideName = 'legacy' | 'mesh'

/** Services of each side, and what the other side shall call them: the expected names by hand. */
const SERVICES: Readonly<Record<SideName, readonly { own: ServiceKey; other: ServiceKey }[]>> = {
  legacy: [
    {
      own: { name: 'com.acme.Foo', protocol: 'dubbo', version: '1.0.0' },
      other: { name: 'com-acme-foo-v1-0-0', protocol: 'dubbo', version: '1.0.0' },
    },
    {
      own: { name: 'com.acme.Foo', protocol: 'dubbo', version: '2.0.0', group: 'blue' },
      other: {
        name: 'com-acme-foo-blue-v2-0-0',
        protocol: 'dubbo',
        version: '2.0.0',
        group: 'blue',
      },
    },
    {
      own: { name: 'Order_Web', protocol: 'http' },
      other: { name: 'order-web', protocol: 'http' },
    },
  ],
  mesh: [
    { own: { name: 'pay', protocol: 'http' }, other: { name: 'pay', protocol: 'http' } },
    { own: { name: 'stock', protocol: 'grpc' }, other: { name: 'stock', protocol: 'grpc' } },
    // On both sides: what one side has of its own does not hide the other's.
    {
      own: { name: 'order-web', protocol: 'http' },
      other: { name: 'order-web', protocol: 'http' },
    },
  ],
}

type Step =
  | { kind: 'register'; side: SideName; service: number; id: number; health: Health; label: number }
  | { kind: 'deregister'; side: SideName; service: number; id: number }
  | { kind: 'disconnect' | 'connect' | 'expire' | 'unhide' | 'resync'; side: SideName }
  | { kind: 'hide'; side: SideName; service: number }
  | { kind: 'restart' | 'clean-restart' }

/** Steps about the first `most + 1` services of each side. */
function stepAbout(most: number): fc.Arbitrary<Step> {
  const side = fc.constantFrom<SideName>('legacy', 'mesh')
  const service = fc.nat(most)
  const id = fc.nat(2)
  const health = fc.constantFrom<Health>('passing', 'passing', 'warning', 'critical')
  const label = fc.nat(1)
  const register = fc.constant('register' as const)
  const deregister = fc.constant('deregister' as const)
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: register, side, service, id, health, label }) },
    { weight: 5, arbitrary: fc.record({ kind: deregister, side, service, id }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom('disconnect', 'connect', 'expire', 'unhide', 'resync'),
        side,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('hide' as const), side, service }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart', 'clean-restart') }) },
  )
}

class World implements AsyncDisposable {
  /** Removals of what had a usable instance all the time since it was put. */
  readonly wrong: string[] = []
  readonly #backends: Record<SideName, ObservedBackend>
  readonly #ledger = new Set<string>()
  /** What the services themselves registered: nobody else may touch it. */
  readonly #foreign = new Map<string, Instance>()
  /** Services that had no usable instance at some time since the gateway last wrote for them. */
  readonly #wasGone = new Set<string>()
  readonly #left: Gateway[] = []
  readonly #wrap: (registry: Registry) => Registry
  #gateway: Gateway

  constructor(seed: number, wrap: (registry: Registry) => Registry = (one) => one) {
    const backend = (own: SideName, source: SideName): ObservedBackend =>
      new ObservedBackend(
        { keeps: own === 'legacy' ? 'session' : 'record', pace: unevenPace(seed + own.length) },
        (key, { origin }) => {
          const text = origin && keyText(origin.key)
          if (!text || this.#wasGone.has(`${source} ${text}`)) return
          const left = this.#backends[own].instances(key)
          if (!left.some((one) => one.origin && keyText(one.origin.key) === text)) {
            this.wrong.push(keyText(key))
          }
        },
      )
    this.#backends = { legacy: backend('legacy', 'mesh'), mesh: backend('mesh', 'legacy') }
    this.#wrap = wrap
    this.#gateway = this.#start()
  }

  #start(): Gateway {
    return new Gateway({
      owner: 'gw',
      legacy: { name: 'zk', backend: this.#backends.legacy },
      mesh: { name: 'consul', backend: this.#backends.mesh },
      exposure: { slow: true, ledger: this.#ledger },
      wrap: this.#wrap,
    })
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'register': {
        this.#register(step)
        return
      }
      case 'deregister': {
        this.#deregister(step)
        return
      }
      case 'hide': {
        this.#backends[step.side].hide([this.#own(step.side, step.service).name])
        return
      }
      case 'unhide': {
        this.#backends[step.side].hide([])
        return
      }
      case 'disconnect': {
        this.#backends[step.side].disconnect()
        return
      }
      case 'connect': {
        this.#backends[step.side].connect()
        return
      }
      case 'expire': {
        this.#backends[step.side].expireSessions()
        return
      }
      case 'resync': {
        this.#gateway.resync()
        return
      }
      case 'restart':
      case 'clean-restart':
        return this.#restart(step.kind === 'clean-restart')
      default:
        return step satisfies never
    }
  }

  /** All is well again: waits for what must come out, and that nothing more is written then. */
  async settle(): Promise<void> {
    for (const backend of Object.values(this.#backends)) {
      backend.connect()
      backend.hide([])
    }
    // What comes after a change may still be on its way, and what is there look right before it.
    await this.#gateway.readAgain()
    await this.#gateway.readAgain()
    const right = (): boolean => String(this.dump()) === String(this.expected())
    await eventually('settled', () => right() && this.#gateway.isSettled(), 4_000).catch(() =>
      expect({ is: this.dump(), plan: this.#gateway.bridge.plan() }).toEqual(this.expected()),
    )
    const writes = this.writes()
    await this.#gateway.readAgain()
    await eventually('settled again', () => this.#gateway.isSettled())
    expect(this.writes()).toEqual(writes)
    expect(this.dump()).toEqual(this.expected())
  }

  writes(): readonly number[] {
    return Object.values(this.#backends).map(({ writes }) => writes)
  }

  dump(): readonly string[] {
    return (['legacy', 'mesh'] as const)
      .flatMap((name) =>
        this.#backends[name].keys().flatMap((key) =>
          this.#backends[name].instances(key).map(({ id: instanceId, host, labels, origin }) => {
            const shown = origin
              ? { gateway: host, labels, from: keyText(origin.key) }
              : { instanceId, host }
            return `${name} ${keyText(key)} ${JSON.stringify(shown)}`
          }),
        ),
      )
      .sort()
  }

  /** What must be there, from what the services registered alone. */
  expected(): readonly string[] {
    const lines: string[] = []
    for (const name of ['legacy', 'mesh'] as const) {
      for (const { own, other } of SERVICES[name]) {
        const all = [0, 1, 2].flatMap(
          (n) => this.#foreign.get(`${name} ${keyText(own)} ${n}`) ?? [],
        )
        for (const { id: instanceId, host } of all) {
          lines.push(`${name} ${keyText(own)} ${JSON.stringify({ instanceId, host })}`)
        }
        const usable = all.filter(isUsable)
        if (usable.length === 0) continue
        const shared = new Set(usable.map(({ labels }) => labels['team']))
        const labels = shared.size === 1 ? { team: [...shared][0] } : {}
        const shown = { gateway: 'gw.test', labels, from: keyText(own) }
        const there = name === 'legacy' ? 'mesh' : 'legacy'
        lines.push(`${there} ${keyText(other)} ${JSON.stringify(shown)}`)
      }
    }
    return lines.sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of [this.#gateway, ...this.#left]) await gateway[Symbol.asyncDispose]()
  }

  async #restart(clean: boolean): Promise<void> {
    if (clean) await this.#gateway[Symbol.asyncDispose]()
    else {
      await this.#gateway.kill()
      this.#left.push(this.#gateway)
    }
    this.#gateway = this.#start()
  }

  #own(name: SideName, index: number): ServiceKey {
    return SERVICES[name][index]?.own ?? { name: 'none', protocol: 'http' }
  }

  #register({
    side: name,
    service: index,
    id: n,
    health: is,
    label,
  }: Extract<Step, { kind: 'register' }>): void {
    const key = this.#own(name, index)
    const host = `10.${name === 'legacy' ? 1 : 2}.${index}.${n}`
    const labels = { team: `team-${label}`, timestamp: String(Math.random()) }
    const instance = { id: `plain-${n}`, host, port: 8080, health: is, weight: 100, labels }
    this.#foreign.set(`${name} ${keyText(key)} ${n}`, instance)
    this.#backends[name].register(key, instance)
    this.#noteGone(name, key)
  }

  #deregister({ side: name, service: index, id: n }: Extract<Step, { kind: 'deregister' }>): void {
    const key = this.#own(name, index)
    this.#foreign.delete(`${name} ${keyText(key)} ${n}`)
    this.#backends[name].deregister(key, `plain-${n}`)
    this.#noteGone(name, key)
  }

  #noteGone(name: SideName, key: ServiceKey): void {
    const all = [0, 1, 2].flatMap((n) => this.#foreign.get(`${name} ${keyText(key)} ${n}`) ?? [])
    if (!all.some(isUsable)) this.#wasGone.add(`${name} ${keyText(key)}`)
  }
}

/** About many services, or again and again about one. */
const steps = fc.oneof(
  ...[2, 0].map((most) =>
    fc.array(fc.tuple(stepAbout(most), fc.nat(12)), { minLength: 1, maxLength: 25 }),
  ),
)

test.each([
  ['', (): undefined => undefined],
  [' where a record is named by its content, and is told of late', latePace],
] as const)(
  'any interleaving of edits, outages, restarts and expiries comes to the one right answer%s',
  async (_, paceFor) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000), steps, async (seed, script) => {
        const pace = paceFor(seed)
        await using world = new World(seed, pace && dubboLike(pace))
        for (const [one, pause] of script) {
          await world.take(one)
          await turns(pause)
        }
        await world.settle()
        expect(world.wrong).toEqual([])
      }),
      { numRuns: 60, ...TOLD_AFTER },
    )
  },
  120_000,
)
