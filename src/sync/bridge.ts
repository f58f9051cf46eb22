import { setMaxListeners } from 'node:events'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { DirectionName, Exposure } from '../registry/exposure.ts'
import type { Registry } from '../registry/ports.ts'
import { RemovalBudget } from './budget.ts'
import type { BudgetOptions } from './budget.ts'
import { Direction } from './direction.ts'
import { follow } from './follow.ts'
import { Lane } from './lane.ts'
import { createMeters } from './meters.ts'
import type { Meters } from './meters.ts'
import { Mirror } from './mirror.ts'
import type { MirrorChange } from './mirror.ts'
import type { Plan } from './plan.ts'
import { mirrorStatus } from './status.ts'
import type { BridgeStatus } from './status.ts'

export interface BridgeParts {
  readonly legacy: Registry
  readonly mesh: Registry
  readonly exposure: Exposure
  /** Identity of this gateway: what carries it is ours. */
  readonly owner: string
  readonly options: BridgeOptions
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
}

/** The parts of the gateway's configuration that sync reads: `sync` and `names`. */
export interface BridgeOptions {
  readonly overrides: readonly { readonly service: string; readonly as: string }[]
  readonly quietPeriodMs: number
  readonly maxDelayMs: number
  readonly removalBudget: BudgetOptions
}

/** Keeps two registries in line with each other, both ways. */
export interface Bridge {
  /**
   * Works until `signal` aborts. Never ends by itself: outages are waited out. What it wrote
   * stays when it ends, so that the next start finds it and has nothing to do.
   */
  run(signal: AbortSignal): Promise<void>
  /** Whether both registries have been read completely once. */
  ready(): boolean
  /** Only reads, until `signal` aborts: all that a plan needs. Not beside `run`. */
  observe(signal: AbortSignal): Promise<void>
  status(): BridgeStatus
  /** What would be written now, and why; nothing is. Empty of sense until `ready()`. */
  plan(): Plan
  /** Lets withdrawals go that are held because there are too many at once. */
  release(): void
}

export function createBridge(parts: BridgeParts): Bridge {
  return new TwoWayBridge(parts)
}

/** One registry and its local copy. */
interface End {
  readonly registry: Registry
  readonly mirror: Mirror
}

class TwoWayBridge implements Bridge {
  readonly #parts: BridgeParts
  readonly #meters: Meters
  readonly #legacy: End
  readonly #mesh: End
  readonly #lanes: Record<DirectionName, Lane>

  constructor(parts: BridgeParts) {
    this.#parts = parts
    this.#meters = createMeters(parts.metrics)
    const legacy = { registry: parts.legacy, mirror: new Mirror(parts.legacy.name, parts.log) }
    const mesh = { registry: parts.mesh, mirror: new Mirror(parts.mesh.name, parts.log) }
    this.#legacy = legacy
    this.#mesh = mesh
    this.#lanes = {
      'legacy-to-mesh': this.#lane('legacy-to-mesh', legacy, mesh),
      'mesh-to-legacy': this.#lane('mesh-to-legacy', mesh, legacy),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal)
    const unsubscribe = this.#parts.exposure.onChange((direction, source) =>
      this.#lanes[direction].addressChanged(source),
    )
    await Promise.all([
      this.#follow(this.#legacy, signal),
      this.#follow(this.#mesh, signal),
      ...Object.values(this.#lanes).map((lane) => lane.run(signal)),
    ])
    unsubscribe()
  }

  async observe(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(this.#legacy, signal), this.#follow(this.#mesh, signal)])
  }

  ready(): boolean {
    return this.#legacy.mirror.reads > 0 && this.#mesh.mirror.reads > 0
  }

  status(): BridgeStatus {
    return {
      ready: this.ready(),
      mirrors: [this.#legacy, this.#mesh].map(({ mirror }) => mirrorStatus(mirror)),
      directions: Object.values(this.#lanes).map((lane) => lane.status()),
    }
  }

  plan(): Plan {
    return Object.values(this.#lanes).flatMap((lane) => lane.plan())
  }

  release(): void {
    for (const lane of Object.values(this.#lanes)) lane.release()
  }

  #lane(name: DirectionName, from: End, to: End): Lane {
    const { owner, exposure, options, log, clock } = this.#parts
    const reads = {
      count: () => from.mirror.reads,
      request: () => from.registry.source.resync(),
    }
    const direction = new Direction({
      name,
      owner,
      from: from.mirror,
      to: to.mirror,
      fromSink: from.registry.sink,
      toSink: to.registry.sink,
      exposure,
      budget: new RemovalBudget(options.removalBudget, clock, reads),
      overrides: new Map(options.overrides.map(({ service, as }) => [service, as])),
      log,
      clock,
    })
    return new Lane(direction, { ...options, log, clock, meters: this.#meters })
  }

  /** What one registry shows wakes both directions: it is one's source and the other's target. */
  async #follow({ mirror, registry }: End, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts
    const lanes = Object.values(this.#lanes)
    const wake = (change: MirrorChange): void => {
      for (const lane of lanes) lane.mirrorChanged(mirror, change)
      this.#meters.level(
        lanes.map(({ direction }) => direction),
        [this.#legacy.mirror, this.#mesh.mirror],
      )
    }
    await follow(mirror, registry.source, { log, clock, wake }, signal)
  }
}
