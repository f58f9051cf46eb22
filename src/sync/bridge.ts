import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { together } from '../kernel/together.ts'
import type { Task } from '../kernel/together.ts'
import type { DirectionName, Exposure } from '../registry/exposure.ts'
import type { KeyText } from '../registry/model.ts'
import type { Registry } from '../registry/ports.ts'
import type { AddressingOptions } from './addressing.ts'
import { RemovalBudget } from './budget.ts'
import type { BudgetOptions } from './budget.ts'
import { Direction } from './direction.ts'
import type { DirectionParts } from './direction.ts'
import { unreadableAs } from './doubts.ts'
import type { Unreadable } from './doubts.ts'
import { explainIn } from './explain.ts'
import type { ExplainedService } from './explain.ts'
import { follow } from './follow.ts'
import { Identity } from './identity.ts'
import { Lane } from './lane.ts'
import { createMeters } from './meters.ts'
import type { Meters } from './meters.ts'
import { Mirror } from './mirror.ts'
import type { MirrorChange } from './mirror.ts'
import type { NameOptions } from './name-rules.ts'
import { Offers } from './offers.ts'
import { Orders } from './orders.ts'
import type { Order, OrderKind, Scope } from './orders.ts'
import type { Plan } from './plan.ts'
import { showOnceAnswered } from './showing.ts'
import { Side } from './side.ts'
import type { End } from './side.ts'
import { mirrorStatus } from './status.ts'
import type { BridgeStatus, MirrorStatus } from './status.ts'
import { Writer } from './writer.ts'

export interface BridgeParts {
  /** The registries of this side in order of precedence; at least one. */
  readonly legacy: readonly Registry[]
  readonly mesh: readonly Registry[]
  readonly exposure: Exposure
  /** Identity of this gateway: what carries it is ours. */
  readonly owner: string
  /** Identity that it shares with its replicas; without one nothing is addressed directly. */
  readonly cluster?: string | undefined
  readonly options: BridgeOptions
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
}

/** The parts of the gateway's configuration that sync reads: `sync`, `names` and `addressing`. */
export interface BridgeOptions {
  readonly names: NameOptions
  /** Absent is `gateway` for all. */
  readonly addressing?: AddressingOptions | undefined
  readonly quietPeriodMs: number
  readonly maxDelayMs: number
  readonly removalBudget: BudgetOptions
  /** Names of services whose entries stay when no instance is left; absent is none. */
  readonly scaleToZero?: readonly string[] | undefined
}

/** Keeps the registries of two sides in line with each other, both ways. */
export interface Bridge {
  /**
   * Works until `signal` aborts; outages are waited out. What it wrote stays when it ends, so that
   * the next start finds it and has nothing to do. Rejects with OWNER_TAKEN when another process
   * runs under this identity, else only for a fault in itself.
   */
  run(signal: AbortSignal): Promise<void>
  /** Whether every registry has been read completely once. */
  ready(): boolean
  /** How often the registry of that name has been read completely so far. */
  reads(registry: string): number
  /** Only reads, until `signal` aborts: all that a plan needs. Not beside `run`. */
  observe(signal: AbortSignal): Promise<void>
  status(): BridgeStatus
  /** What would be written now, and why; nothing is. Empty of sense until `ready()`. */
  plan(): Plan
  /** What is known about the services that `query` is about. Empty of sense until `ready()`. */
  explain(query: string): Explanation
  /** Lets withdrawals go that are held because there are too many at once; returns which. */
  release(scope: Scope): readonly Released[]
  /** Obeys an order from now on; returns how many services it is about at the moment. */
  order(kind: OrderKind, scope: Scope): number
  /** Ends the orders about `scope` or a part of it, and returns them. */
  lift(scope: Scope): readonly Order[]
  /** Services at which something stands that points to this gateway, in all registries. */
  exported(): number
  /** Takes over what of the options differs; what it does not concern is not written again. */
  configure(options: BridgeOptions): void
}

/** Plain JSON. */
export interface Explanation {
  /** A registry that is not complete may hold more than is said here. */
  readonly mirrors: readonly MirrorStatus[]
  /** Services of that name of which nothing more is known, as they cannot be read. */
  readonly unreadable: readonly Unreadable[]
  readonly services: readonly ExplainedService[]
}

/** A withdrawal that was held. */
export interface Released {
  readonly direction: DirectionName
  readonly registry: string
  readonly key: KeyText
}

export function createBridge(parts: BridgeParts): Bridge {
  return new TwoWayBridge(parts)
}

/** One direction's part that all its lanes share. */
interface Way {
  readonly name: DirectionName
  readonly from: Side
  readonly toSide: Side
  readonly offers: Offers
}

class TwoWayBridge implements Bridge {
  readonly #parts: BridgeParts
  readonly #meters: Meters
  readonly #orders: Orders
  /** Of both sides. */
  readonly #ends: readonly End[]
  /** One for each registry, in the order of `#ends`. */
  readonly #identities: readonly Identity[]
  /** One for each registry, if replicas share an identity; by its mirror. */
  readonly #writers = new Map<Mirror, Writer>()
  /** One for each registry that is written. */
  readonly #lanes: readonly Lane[]

  constructor(parts: BridgeParts) {
    this.#parts = parts
    this.#meters = createMeters(parts.metrics)
    this.#orders = new Orders(parts.clock)
    const legacy = sideOf(parts.legacy, parts)
    const mesh = sideOf(parts.mesh, parts)
    this.#ends = [...legacy.ends, ...mesh.ends]
    this.#identities = this.#ends.map((end) => this.#identity(end))
    this.#lanes = [
      ...this.#lanesOf('legacy-to-mesh', legacy, mesh),
      ...this.#lanesOf('mesh-to-legacy', mesh, legacy),
    ]
  }

  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#parts.exposure.onChange((direction, source) => {
      for (const lane of this.#lanes) lane.addressChanged(direction, source)
    })
    const parts = [...this.#identities, ...this.#writers.values(), ...this.#lanes]
    const tasks = parts.map((one) => (stop: AbortSignal) => one.run(stop))
    try {
      await together([...tasks, ...this.#shows(), ...this.#follows()], signal)
    } finally {
      unsubscribe()
    }
  }

  async observe(signal: AbortSignal): Promise<void> {
    await together(this.#follows(), signal)
  }

  ready(): boolean {
    return this.#ends.every(({ mirror }) => mirror.reads > 0)
  }

  reads(registry: string): number {
    return this.#ends.find(({ mirror }) => mirror.name === registry)?.mirror.reads ?? 0
  }

  status(): BridgeStatus {
    return {
      ready: this.ready(),
      mirrors: this.#ends.map(({ mirror }) => mirrorStatus(mirror)),
      identities: this.#identities.map(({ status }) => status),
      directions: this.#lanes.map((lane) => lane.status()),
      orders: this.#orders.all,
    }
  }

  plan(): Plan {
    return this.#lanes.flatMap((lane) => lane.plan())
  }

  explain(query: string): Explanation {
    const directions = this.#lanes.map(({ direction }) => direction)
    const mirrors = this.#ends.map(({ mirror }) => mirror)
    return {
      mirrors: mirrors.map(mirrorStatus),
      unreadable: unreadableAs(query, mirrors),
      services: explainIn(directions, query),
    }
  }

  release(scope: Scope): readonly Released[] {
    return this.#lanes.flatMap((lane) => {
      const { name, to } = lane.direction.parts
      return lane.release(scope).map((key) => ({ direction: name, registry: to.name, key }))
    })
  }

  order(kind: OrderKind, scope: Scope): number {
    this.#orders.give(kind, scope)
    return this.#lookAgain(scope)
  }

  lift(scope: Scope): readonly Order[] {
    const lifted = this.#orders.lift(scope)
    for (const order of lifted) this.#lookAgain(order.scope)
    return lifted
  }

  exported(): number {
    return this.#lanes.reduce((sum, { direction }) => sum + direction.pointing, 0)
  }

  configure(options: BridgeOptions): void {
    for (const lane of this.#lanes) lane.configure(options)
  }

  #lookAgain(scope: Scope): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.lookAgain(scope), 0)
  }

  #lanesOf(name: DirectionName, from: Side, toSide: Side): readonly Lane[] {
    const way = { name, from, toSide, offers: new Offers(name, this.#parts.exposure) }
    return toSide.ends.map((to) => this.#lane(way, to))
  }

  #lane(way: Way, to: End): Lane {
    const { owner, cluster, exposure, options, log, clock } = this.#parts
    const reads = { counts: () => way.from.reads(), request: () => way.from.resync() }
    const direction = new Direction({
      ...way,
      owner,
      cluster,
      to: to.mirror,
      toSink: to.registry.sink,
      identity: this.#identities[this.#ends.indexOf(to)] ?? NOBODY,
      writer: this.#writer(way.from, to),
      exposure,
      budget: new RemovalBudget(options.removalBudget, clock, reads),
      orders: this.#orders,
      names: options.names,
      addressing: options.addressing,
      log,
      clock,
    })
    direction.scaleToZero.configure(options.scaleToZero ?? [])
    return new Lane(direction, { ...options, log, clock, meters: this.#meters })
  }

  #identity({ registry, mirror }: End): Identity {
    const { log, clock } = this.#parts
    const onChange = (): void => {
      this.#meters.identity(registry.name, identity.isHeld)
      this.#permissionChanged(mirror)
    }
    const identity = new Identity(registry, { log, clock, onChange })
    return identity
  }

  #writer(from: Side, { registry, mirror }: End): DirectionParts['writer'] {
    const { cluster, log } = this.#parts
    if (cluster === undefined) return NO_WRITER
    const lease = registry.lease(cluster)
    const onChange = (): void => {
      this.#meters.writer(registry.name, writer.state === 'writing')
      this.#permissionChanged(mirror)
    }
    const writer = new Writer({ registry: registry.name, lease, from, log, onChange })
    this.#writers.set(mirror, writer)
    return writer
  }

  #permissionChanged(written: Mirror): void {
    const lanes = this.#lanes.filter(({ direction }) => direction.parts.to === written)
    for (const lane of lanes) lane.permissionChanged()
  }

  #follows(): readonly Task[] {
    return this.#ends.map((end) => (signal) => this.#follow(end, signal))
  }

  #shows(): readonly Task[] {
    const { log, clock } = this.#parts
    return this.#ends.map(({ registry, mirror }) => {
      const lanes = this.#lanes.filter(({ direction }) => direction.parts.to === mirror)
      const ready = (): boolean => this.ready()
      return (signal) => showOnceAnswered({ registry, lanes, ready, log, clock }, signal)
    })
  }

  /** What one registry shows wakes all that read or write it. */
  async #follow({ mirror, registry }: End, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts
    const wake = (change: MirrorChange): void => {
      for (const lane of this.#lanes) lane.mirrorChanged(mirror, change)
      this.#meters.level(
        this.#lanes.map(({ direction }) => direction),
        this.#ends.map((end) => end.mirror),
      )
    }
    await follow(mirror, registry.source, { log, clock, wake }, signal)
  }
}

const NOBODY: DirectionParts['identity'] = { isHeld: false, isMissing: false }
const NO_WRITER: DirectionParts['writer'] = {
  state: 'idle',
  fence: undefined,
  mayRemove: true,
  needs: () => undefined,
  lose: () => undefined,
}

function sideOf(
  registries: readonly Registry[],
  { log, clock }: Pick<BridgeParts, 'log' | 'clock'>,
): Side {
  return new Side(
    registries.map((registry) => ({ registry, mirror: new Mirror(registry.name, log, clock) })),
  )
}
