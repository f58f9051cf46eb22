import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage, isRetryable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { together } from '../kernel/together.ts'
import type { Task } from '../kernel/together.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import type { AddressingOptions } from './addressing.ts'
import type { BudgetOptions } from './budget.ts'
import type { Direction } from './direction.ts'
import type { Meters } from './meters.ts'
import type { Mirror, MirrorChange } from './mirror.ts'
import type { NameOptions } from './name-rules.ts'
import { isAbout } from './orders.ts'
import type { Scope } from './orders.ts'
import { planOf, targetsOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { KeyQueue } from './queue.ts'
import type { QueueOptions } from './queue.ts'
import { reconcile } from './reconcile.ts'
import { directionStatus } from './status.ts'
import type { DirectionStatus } from './status.ts'

type Coalescing = Pick<QueueOptions, 'quietPeriodMs' | 'maxDelayMs'>

/** What of it can be told anew while it is at work. */
interface LaneOptions extends Coalescing {
  readonly names: NameOptions
  /** Absent is `gateway` for all. */
  readonly addressing?: AddressingOptions | undefined
  /** Names of services whose entries stay when no instance is left; absent is none. */
  readonly scaleToZero?: readonly string[] | undefined
  readonly removalBudget: BudgetOptions
}

export interface LaneDeps extends Coalescing {
  readonly log: Log
  readonly clock: Clock
  readonly meters: Meters
}

const PARALLEL_WRITES = 128
/** What was written and not seen after this is looked at again. */
const ECHO_MS = 10_000
/**
 * … unless its registry tells of other things meanwhile: under a load of changes it tells late, and
 * to write everything once more would be more of that load.
 */
const LATE_ECHO_MS = 60_000
const WRITE_RETRY = { firstMs: 100, longestMs: 30_000 }

/** One direction at work on one registry: what wakes it goes into its queue, the queue calls reconcile. */
export class Lane {
  readonly direction: Direction
  readonly #deps: LaneDeps
  readonly #queue: KeyQueue<KeyText>
  /** What waits in the queue, by its text: most of it need not be parsed. */
  readonly #targets = new Map<KeyText, ServiceKey>()
  /** What would have been written but for an order. */
  readonly #paused = new Set<KeyText>()
  /** What has been looked at and is answered, or never will be; needed until all of it is. */
  #settled: Set<KeyText> | undefined = new Set()
  readonly #writes = { put: 0, withdrawn: 0, failed: 0 }
  #lastWriteMs: number | undefined
  /** When the registry that is written last told of anything, by the monotonic clock. */
  #toldMs = -Infinity

  constructor(direction: Direction, deps: LaneDeps) {
    this.direction = direction
    this.#deps = deps
    this.#queue = new KeyQueue({
      quietPeriodMs: deps.quietPeriodMs,
      maxDelayMs: deps.maxDelayMs,
      parallelism: PARALLEL_WRITES,
      backoff: WRITE_RETRY,
      clock: deps.clock,
      onFailure: (key, error, failures) => this.#failed(key, error, failures),
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { budget } = this.direction.parts
    const tasks: readonly Task[] = [
      (stop) => this.#queue.run((key, halt) => this.#look(key, halt), stop),
      (stop) => budget.tend(stop, (key) => this.#queue.add(key)),
      (stop) => this.#listen(stop),
    ]
    await together(tasks, signal)
  }

  mirrorChanged(mirror: Mirror, change: MirrorChange): void {
    const { from, to } = this.direction.parts
    if (mirror !== to && !from.has(mirror)) return
    if (mirror === to) this.#toldMs = this.#deps.clock.monotonicMs()
    // Writes fail on the registry that is written, and what it refused it refuses still.
    if (change.healed && mirror === to) this.#queue.forgive(isRetryable)
    const targets =
      mirror === to ? this.direction.targetChanged(change) : this.direction.sourceChanged(change)
    for (const target of targets) {
      if (change.regained) this.#wake(target)
      else this.#add(target)
    }
  }

  addressChanged(direction: DirectionName, source: KeyText): void {
    if (direction !== this.direction.parts.name) return
    const { offers, to } = this.direction.parts
    for (const target of offers.targets(to.name, source)) this.#queue.wake(target)
  }

  /** Looks again at what could not be written as long as this process might not write it. */
  permissionChanged(): void {
    for (const target of this.direction.takeDeferred()) this.#wake(target)
  }

  /** Lets go what is held and `scope` is about; returns the services. */
  release(scope: Scope): readonly KeyText[] {
    const isMeant = (key: KeyText): boolean => {
      const target = parseKeyText(key)
      return target !== undefined && isAbout(scope, this.direction, target)
    }
    const released = this.direction.parts.budget.release(isMeant)
    for (const key of released) this.#queue.add(key)
    return released
  }

  /** Looks again at all that `scope` is about, and says how many that are. */
  lookAgain(scope: Scope): number {
    const targets = targetsOf(this.direction).filter((key) => isAbout(scope, this.direction, key))
    for (const target of targets) this.#add(target)
    return targets.length
  }

  configure(options: LaneOptions): void {
    const targets = this.direction.configure(options.names, options.addressing)
    for (const target of targets) this.#add(target)
    this.direction.scaleToZero.configure(options.scaleToZero ?? [])
    for (const key of this.direction.exported) this.#queue.add(key)
    this.#queue.configure(options)
    this.direction.parts.budget.configure(options.removalBudget)
  }

  /** Whether each service at which something of ours stood once has been looked at and is answered. */
  answered(): boolean {
    const settled = this.#settled
    if (settled === undefined) return true
    for (const key of this.direction.exported) if (!settled.has(key)) return false
    this.#settled = undefined
    return true
  }

  plan(): Plan {
    return planOf(this.direction)
  }

  status(): DirectionStatus {
    const writes = { ...this.#writes }
    const lastWriteMs = this.#lastWriteMs
    return directionStatus(this.direction, {
      ...this.#queue.depth,
      paused: this.#paused.size,
      writes,
      ...(lastWriteMs !== undefined && { lastWriteMs }),
    })
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      await clock.sleep(ECHO_MS / 4, signal).catch(() => undefined)
      const nowMs = clock.monotonicMs()
      const patienceMs = nowMs - this.#toldMs < ECHO_MS ? LATE_ECHO_MS : ECHO_MS
      const lost = this.direction.echoes.giveUp(nowMs - patienceMs)
      for (const target of lost) this.#add(target)
    }
  }

  #add(target: ServiceKey): void {
    this.#targets.set(keyText(target), target)
    this.#queue.add(keyText(target))
  }

  #wake(target: ServiceKey): void {
    this.#targets.set(keyText(target), target)
    this.#queue.wake(keyText(target))
  }

  async #look(key: KeyText, signal: AbortSignal): Promise<void> {
    const target = this.#targets.get(key) ?? parseKeyText(key)
    this.#targets.delete(key)
    if (!target) return
    const outcome = await reconcile(this.direction, target, signal)
    if (outcome !== 'unknown' && outcome !== 'waiting') this.#settled?.add(key)
    if (outcome === 'paused') this.#paused.add(key)
    else this.#paused.delete(key)
    this.#deps.meters.looked(this.direction, outcome)
    this.#deps.meters.waiting(this.direction, this.#paused.size)
    if (outcome === 'put' || outcome === 'withdrawn') {
      this.#writes[outcome] += 1
      this.#lastWriteMs = this.#deps.clock.nowMs()
    }
  }

  #failed(key: string, error: unknown, failures: number): void {
    const { name, to } = this.direction.parts
    const code = errorCode(error) ?? 'unknown'
    this.#deps.meters.failed(this.direction, code)
    this.#writes.failed += 1
    const reason = errorMessage(error)
    const fields = { direction: name, registry: to.name, key, code, failures, reason }
    if (failures === 1) this.#deps.log.warn(fields, 'change was not taken, will retry')
    else this.#deps.log.debug(fields, 'change was not taken again')
  }
}
