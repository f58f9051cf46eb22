import { setImmediate as immediate } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'
import { isRetryable } from '../kernel/errors.ts'
import { backoffMs } from './backoff.ts'
import type { Backoff } from './backoff.ts'

export interface QueueOptions {
  /** After a run, more changes of the same key wait until none came for so long … */
  readonly quietPeriodMs: number
  /** … but never longer than this. */
  readonly maxDelayMs: number
  /** Runs at the same time. */
  readonly parallelism: number
  readonly backoff: Backoff
  readonly clock: Clock
  /** Told of every failed run, before the pause that follows it. */
  readonly onFailure: (key: string, error: unknown, failures: number) => void
}

/** A reason of its own for every abort would be an error with a stack, thousands of times. */
const WOKEN = new Error('something is due')

/**
 * So many begin before what has come in meanwhile, answers to earlier ones above all, is heard: as many
 * as fill one transaction of Consul's, so that a small start is not cut into more of them.
 */
const BEGIN_AT_A_TIME = 32

interface Delayed {
  /** When the first of the coalesced changes came. */
  readonly sinceMs: number
  /** A pause after a failure is not shortened by more changes. */
  readonly failure?: { readonly error: unknown }
  dueMs: number
}

/**
 * Keys that wait for work. A key is in at most one of ready, delayed and working; one that is
 * added while it is worked on is dirty and comes again. So no key has two runs at once, and no
 * change is forgotten. The first change of a burst is ready at once, the rest is coalesced.
 */
export class KeyQueue<K extends string> {
  #options: QueueOptions
  readonly #ready = new Set<K>()
  readonly #delayed = new Map<K, Delayed>()
  readonly #working = new Map<K, Promise<void>>()
  readonly #dirty = new Set<K>()
  readonly #failures = new Map<K, number>()
  /** When a key last ended a run; oldest first, forgotten after the quiet period. */
  readonly #endedMs = new Map<K, number>()
  #earliestMs = Infinity
  #notify: (() => void) | undefined

  constructor(options: QueueOptions) {
    this.#options = options
  }

  /** Changes that come from now on are coalesced by these. */
  configure(coalescing: Pick<QueueOptions, 'quietPeriodMs' | 'maxDelayMs'>): void {
    this.#options = { ...this.#options, ...coalescing }
  }

  /** Keys that wait or are worked on, and those of them that failed the last time. */
  get depth(): { readonly waiting: number; readonly working: number; readonly failing: number } {
    const waiting = this.#ready.size + this.#delayed.size
    return { waiting, working: this.#working.size, failing: this.#failures.size }
  }

  add(key: K): void {
    if (this.#ready.has(key)) return
    if (this.#working.has(key)) {
      this.#dirty.add(key)
      return
    }
    const nowMs = this.#options.clock.monotonicMs()
    const delayed = this.#delayed.get(key)
    if (delayed?.failure) return
    const { quietPeriodMs, maxDelayMs } = this.#options
    if (delayed) {
      delayed.dueMs = Math.min(nowMs + quietPeriodMs, delayed.sinceMs + maxDelayMs)
    } else if (nowMs - (this.#endedMs.get(key) ?? -Infinity) < quietPeriodMs) {
      this.#delay(key, { sinceMs: nowMs, dueMs: nowMs + quietPeriodMs })
    } else {
      this.#ready.add(key)
      this.#notify?.()
    }
  }

  /** What the last run of `key` waited for is there: it is not one more change of a burst. */
  wake(key: K): void {
    if (this.#delayed.get(key)?.failure) return
    this.#delayed.delete(key)
    this.#endedMs.delete(key)
    this.add(key)
  }

  /** Ends the pauses after failures that are healed now. */
  forgive(isHealed: (error: unknown) => boolean): void {
    for (const [key, { failure }] of this.#delayed) {
      if (!failure || !isHealed(failure.error)) continue
      this.#delayed.delete(key)
      this.#failures.delete(key)
      this.#ready.add(key)
    }
    this.#notify?.()
  }

  /** Works until `signal` aborts, then waits for the runs under way. */
  async run(
    work: (key: K, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const stop = (): void => this.#notify?.()
    signal.addEventListener('abort', stop)
    while (!signal.aborted) {
      this.#promote()
      const full = this.#begin(work, signal)
      if (full) await immediate()
      else await this.#pause()
    }
    signal.removeEventListener('abort', stop)
    await Promise.all(this.#working.values())
  }

  /** Begins as many as it may at a time; whether there may be more. */
  #begin(work: (key: K, signal: AbortSignal) => Promise<void>, signal: AbortSignal): boolean {
    let begun = 0
    for (const key of this.#ready) {
      if (this.#working.size >= this.#options.parallelism) return false
      if (begun === BEGIN_AT_A_TIME) return true
      begun += 1
      this.#ready.delete(key)
      this.#working.set(key, this.#work(key, work, signal))
    }
    return false
  }

  async #work(
    key: K,
    work: (key: K, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let failure: { readonly error: unknown } | undefined
    try {
      await work(key, signal)
    } catch (error) {
      failure = { error }
    }
    this.#working.delete(key)
    this.#remember(key)
    const dirty = this.#dirty.delete(key)
    if (failure && !signal.aborted) this.#fail(key, failure.error)
    else {
      this.#failures.delete(key)
      if (dirty) this.add(key)
    }
    this.#notify?.()
  }

  #fail(key: K, error: unknown): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.#options.onFailure(key, error, failures + 1)
    const { backoff, clock } = this.#options
    const pauseMs = isRetryable(error) ? backoffMs(failures, backoff) : backoff.longestMs
    const nowMs = clock.monotonicMs()
    this.#delay(key, { sinceMs: nowMs, failure: { error }, dueMs: nowMs + pauseMs })
  }

  #remember(key: K): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#endedMs.delete(key)
    this.#endedMs.set(key, nowMs)
    for (const [oldest, endedMs] of this.#endedMs) {
      if (nowMs - endedMs < this.#options.quietPeriodMs) break
      this.#endedMs.delete(oldest)
    }
  }

  #delay(key: K, delayed: Delayed): void {
    this.#delayed.set(key, delayed)
    if (delayed.dueMs < this.#earliestMs) {
      this.#earliestMs = delayed.dueMs
      this.#notify?.()
    }
  }

  /** Moves what is due to ready. A whole scan, but only when something may be due. */
  #promote(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs < this.#earliestMs) return
    this.#earliestMs = Infinity
    for (const [key, { dueMs }] of this.#delayed) {
      if (dueMs <= nowMs) {
        this.#delayed.delete(key)
        this.#ready.add(key)
      } else this.#earliestMs = Math.min(this.#earliestMs, dueMs)
    }
  }

  /** Until something is added, ends or is due. */
  async #pause(): Promise<void> {
    if (this.#earliestMs === Infinity) {
      await new Promise<void>((resolve) => this.#onNotify(resolve))
      return
    }
    const { clock } = this.#options
    const wake = new AbortController()
    this.#onNotify(() => wake.abort(WOKEN))
    // Timers may fire a fraction early; a due key is then found one scan later.
    const pauseMs = Math.max(1, Math.ceil(this.#earliestMs - clock.monotonicMs()))
    await clock.sleep(pauseMs, wake.signal).catch(() => undefined)
  }

  /** Calls `wake` once. */
  #onNotify(wake: () => void): void {
    this.#notify = () => {
      this.#notify = undefined
      wake()
    }
  }
}
