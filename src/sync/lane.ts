import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { together } from '../kernel/together.ts'
import type { Task } from '../kernel/together.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText } from '../registry/model.ts'
import type { Direction } from './direction.ts'
import type { Meters } from './meters.ts'
import type { Mirror, MirrorChange } from './mirror.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { KeyQueue } from './queue.ts'
import { reconcile } from './reconcile.ts'
import { directionStatus } from './status.ts'
import type { DirectionStatus } from './status.ts'

export interface LaneDeps {
  readonly quietPeriodMs: number
  readonly maxDelayMs: number
  readonly log: Log
  readonly clock: Clock
  readonly meters: Meters
}

const PARALLEL_WRITES = 64
/** What was written and not seen after this is looked at again. */
const ECHO_MS = 10_000
const WRITE_RETRY = { firstMs: 100, longestMs: 30_000 }

/** One direction at work on one registry: what wakes it goes into its queue, the queue calls reconcile. */
export class Lane {
  readonly direction: Direction
  readonly #deps: LaneDeps
  readonly #queue: KeyQueue<KeyText>
  #lastWriteMs: number | undefined

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
    if (change.regained) this.#queue.forgive()
    const targets =
      mirror === to ? this.direction.targetChanged(change) : this.direction.sourceChanged(change)
    for (const target of targets) this.#queue.add(keyText(target))
  }

  addressChanged(direction: DirectionName, source: KeyText): void {
    if (direction !== this.direction.parts.name) return
    const candidate = this.direction.places.of(source)
    if (candidate) this.#queue.add(keyText(candidate.target))
  }

  release(): void {
    for (const key of this.direction.parts.budget.release()) this.#queue.add(key)
  }

  plan(): Plan {
    return planOf(this.direction)
  }

  status(): DirectionStatus {
    return directionStatus(this.direction, this.#queue.depth, this.#lastWriteMs)
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      await clock.sleep(ECHO_MS / 4, signal).catch(() => undefined)
      const lost = this.direction.echoes.giveUp(clock.monotonicMs() - ECHO_MS)
      for (const target of lost) this.#queue.add(keyText(target))
    }
  }

  async #look(key: KeyText, signal: AbortSignal): Promise<void> {
    const target = parseKeyText(key)
    if (!target) return
    const outcome = await reconcile(this.direction, target, signal)
    this.#deps.meters.looked(this.direction, outcome)
    if (outcome === 'put' || outcome === 'withdrawn') {
      this.#lastWriteMs = this.#deps.clock.nowMs()
    }
  }

  #failed(key: string, error: unknown, failures: number): void {
    const { name, to } = this.direction.parts
    const code = errorCode(error) ?? 'unknown'
    this.#deps.meters.failed(this.direction, code)
    const reason = errorMessage(error)
    const fields = { direction: name, registry: to.name, key, code, failures, reason }
    if (failures === 1) this.#deps.log.warn(fields, 'change was not taken, will retry')
    else this.#deps.log.debug(fields, 'change was not taken again')
  }
}
