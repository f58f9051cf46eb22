import { together } from '../kernel/together.ts'
import type { Task } from '../kernel/together.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText } from '../registry/model.ts'
import type { Registry } from '../registry/ports.ts'
import type { BridgeOptions, BridgeParts } from './bridge-parts.ts'
import { unreadableAs } from './doubts.ts'
import type { Unreadable } from './doubts.ts'
import { explainIn } from './explain.ts'
import type { ExplainedService } from './explain.ts'
import { follow } from './follow.ts'
import type { Lane } from './lane.ts'
import { createMeters } from './meters.ts'
import type { Meters } from './meters.ts'
import { Mirror } from './mirror.ts'
import type { MirrorChange } from './mirror.ts'
import { Orders } from './orders.ts'
import type { Order, OrderKind, Scope } from './orders.ts'
import type { Plan } from './plan.ts'
import { showOnceAnswered } from './showing.ts'
import { Side } from './side.ts'
import type { End } from './side.ts'
import { mirrorStatus } from './status.ts'
import type { BridgeStatus, MirrorStatus } from './status.ts'
import { Writing } from './writing.ts'

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

class TwoWayBridge implements Bridge {
  readonly #parts: BridgeParts
  readonly #meters: Meters
  readonly #orders: Orders
  /** Of both sides. */
  readonly #ends: readonly End[]
  readonly #writing: Writing

  constructor(parts: BridgeParts) {
    this.#parts = parts
    this.#meters = createMeters(parts.metrics)
    this.#orders = new Orders(parts.clock)
    const legacy = sideOf(parts.legacy, parts)
    const mesh = sideOf(parts.mesh, parts)
    this.#ends = [...legacy.ends, ...mesh.ends]
    const sides = { legacy, mesh, orders: this.#orders, meters: this.#meters }
    this.#writing = new Writing(parts, sides)
  }

  get #lanes(): readonly Lane[] {
    return this.#writing.lanes
  }

  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#parts.exposure.onChange((direction, source) => {
      for (const lane of this.#lanes) lane.addressChanged(direction, source)
    })
    const { identities, writers } = this.#writing
    const parts = [...identities, ...writers, ...this.#lanes]
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
      identities: this.#writing.identities.map(({ status }) => status),
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

  #follows(): readonly Task[] {
    return this.#ends.map((end) => (signal) => this.#follow(end, signal))
  }

  #shows(): readonly Task[] {
    const { log, clock } = this.#parts
    return this.#ends.map(({ registry, mirror }) => {
      const lanes = this.#writing.lanesTo(mirror)
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

function sideOf(
  registries: readonly Registry[],
  { log, clock }: Pick<BridgeParts, 'log' | 'clock'>,
): Side {
  return new Side(
    registries.map((registry) => ({ registry, mirror: new Mirror(registry.name, log, clock) })),
  )
}
