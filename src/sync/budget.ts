import type { Clock } from '../kernel/clock.ts'
import type { KeyText } from '../registry/model.ts'
import { Holds } from './holds.ts'
import type { HeldWithdrawal, Hold } from './holds.ts'
import { SecondReads } from './second-reads.ts'
import type { Reads } from './second-reads.ts'

export interface BudgetOptions {
  /** Share of what is exported that may be withdrawn within the window; with 1 nothing is held. */
  readonly share: number
  /** So many within the window are allowed however few there are, but not the last one. */
  readonly atLeast: number
  readonly windowMs: number
  /** A held withdrawal goes after this, whatever the source says about itself. */
  readonly holdMs: number
}

interface Allowed {
  readonly atMs: number
  /** How many there were at that moment. */
  readonly exported: number
  /** It went, or came back: the next time is another withdrawal, not this one tried again. */
  over: boolean
}

/**
 * A registry that lost its data says the same thing twice when it is asked twice at once. Its
 * clients come back within seconds; so the second read is made after this part of the window.
 */
const SECOND_READ_AFTER = 1 / 6

/**
 * Holds withdrawals when there are too many of them. A held one goes once a complete read that
 * was asked for after the hold began still says so, or `holdMs` have passed, or on release().
 */
export class RemovalBudget {
  readonly #clock: Clock
  readonly #reads: SecondReads
  /** What was allowed out of the budget; oldest first, forgotten after the window. */
  readonly #spent = new Map<KeyText, Allowed>()
  /** What was allowed after a hold: it uses up nothing. */
  readonly #confirmed = new Map<KeyText, Allowed>()
  readonly #held = new Holds()
  readonly #released = new Set<KeyText>()
  #options: BudgetOptions

  constructor(options: BudgetOptions, clock: Clock, reads: Reads) {
    this.#options = options
    this.#clock = clock
    this.#reads = new SecondReads(reads)
  }

  /** What is held, and for how long by now. */
  held(): readonly HeldWithdrawal[] {
    return this.#held.list(this.#clock.monotonicMs())
  }

  get heldCount(): number {
    return this.#held.size
  }

  /** How many are held for each reason that there ever was. */
  get heldBy(): ReadonlyMap<string, number> {
    return this.#held.byReason
  }

  /**
   * Whether `key` may be withdrawn now, of `exported` that are there, itself included. If not,
   * it is held for `reason`, and `tend` says when to ask again.
   */
  allow(key: KeyText, exported: number, reason: string): boolean {
    const goes = this.wouldAllow(key, exported, 0)
    const nowMs = this.#clock.monotonicMs()
    if (!goes) {
      this.#held.begin(key, { sinceMs: nowMs, reason })
    } else if (!this.#wasAllowed(key)) {
      const allowed = this.#held.get(key) ? this.#confirmed : this.#spent
      allowed.delete(key) // to be the newest
      allowed.set(key, { atMs: nowMs, exported, over: false })
      this.#endHold(key)
    }
    return goes
  }

  /** What `allow` would say to one withdrawal after `before` others, without noting anything. */
  wouldAllow(key: KeyText, exported: number, before: number): boolean {
    forgetBefore(this.#spent, this.#clock.monotonicMs() - this.#options.windowMs)
    forgetBefore(this.#confirmed, this.#clock.monotonicMs() - this.#options.windowMs)
    const hold = this.#held.get(key)
    if (hold) return this.#isOver(key, hold)
    return this.#wasAllowed(key) || this.#hasRoom(exported, before)
  }

  /** Whether letting `key` go now would use up some of the budget: not what is confirmed or tried again. */
  spends(key: KeyText): boolean {
    return !this.#held.get(key) && !this.#wasAllowed(key)
  }

  /**
   * Whether a service that loses `lost` of its `of` records counts as one that is withdrawn. One record
   * alone never does: of a service with few instances each restart would.
   */
  isMass(lost: number, of: number): boolean {
    return lost > 1 && lost > this.#options.share * of
  }

  /**
   * Holds `key` for `reason`, whatever room there is: for what uses up nothing. `mayGo` says when it
   * is over, and `tend` when to ask. Returns whether it was not held before.
   */
  hold(key: KeyText, reason: string): boolean {
    if (this.#held.get(key)) return false
    this.#held.begin(key, { sinceMs: this.#clock.monotonicMs(), reason })
    return true
  }

  /** Whether what is held of `key` need not wait any longer; false when nothing is held. */
  mayGo(key: KeyText): boolean {
    const hold = this.#held.get(key)
    return hold !== undefined && this.#isOver(key, hold)
  }

  /** `key` is not to be withdrawn any more, or has been. */
  forget(key: KeyText): void {
    this.#endHold(key)
    for (const allowed of [this.#spent.get(key), this.#confirmed.get(key)]) {
      if (allowed) allowed.over = true
    }
  }

  /** An operator says that what is held now may go. Returns what to look at again. */
  release(isMeant: (key: KeyText) => boolean): readonly KeyText[] {
    const keys = [...this.#held.entries()].map(([key]) => key).filter(isMeant)
    for (const key of keys) this.#released.add(key)
    return keys
  }

  get windowMs(): number {
    return this.#options.windowMs
  }

  /** How long the withdrawal of `key` has been held; undefined when it is not. */
  heldForMs(key: KeyText): number | undefined {
    const hold = this.#held.get(key)
    return hold && this.#clock.monotonicMs() - hold.sinceMs
  }

  /** Holds as before, and by other measures from now on. */
  configure(options: BudgetOptions): void {
    this.#options = options
  }

  /** Asks for second reads until `signal` aborts, and wakes what need not wait any longer. */
  async tend(signal: AbortSignal, wake: (key: KeyText) => void): Promise<void> {
    while (!signal.aborted) {
      const secondReadMs = this.#options.windowMs * SECOND_READ_AFTER
      const stepMs = Math.max(10, Math.min(1_000, secondReadMs / 4))
      await this.#clock.sleep(stepMs, signal).catch(() => undefined)
      this.#tellWhatMayGo(wake)
      this.#askFor(secondReadMs)
    }
  }

  #tellWhatMayGo(wake: (key: KeyText) => void): void {
    for (const [key, hold] of this.#held.entries()) {
      const mayGo = this.#isOver(key, hold)
      if (mayGo && hold.isTold !== true) wake(key)
      hold.isTold = mayGo
    }
  }

  /** Asks for second reads for all that has been held for long enough. */
  #askFor(secondReadMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    if (!this.#reads.mayAsk(nowMs, secondReadMs)) return
    const due = [...this.#held.entries()].filter(
      ([, { confirmedBy, sinceMs }]) =>
        confirmedBy === undefined && nowMs - sinceMs >= secondReadMs,
    )
    if (due.length === 0) return
    const awaited = this.#reads.ask(nowMs)
    for (const [, hold] of due) hold.confirmedBy = awaited
  }

  #endHold(key: KeyText): void {
    this.#held.end(key)
    this.#released.delete(key)
  }

  #isOver(key: KeyText, { sinceMs, confirmedBy }: Hold): boolean {
    return (
      this.#released.has(key) ||
      (confirmedBy !== undefined && this.#reads.haveCome(confirmedBy)) ||
      this.#clock.monotonicMs() - sinceMs >= this.#options.holdMs
    )
  }

  /** A write that failed is tried again, and spends nothing anew. */
  #wasAllowed(key: KeyText): boolean {
    return [this.#spent, this.#confirmed].some((allowed) => allowed.get(key)?.over === false)
  }

  /**
   * The share is of what was there when the window began. That nothing at all is left is what a
   * registry says that has lost its data: however small it is, that wants a second read.
   */
  #hasRoom(exported: number, before: number): boolean {
    const { share, atLeast } = this.#options
    if (share >= 1) return true
    const [oldest] = this.#spent.values()
    const whole = Math.max(exported, oldest?.exported ?? 0)
    const most = Math.min(Math.max(atLeast, Math.floor(share * whole)), whole - 1)
    return this.#spent.size + before < most
  }
}

/** `allowed` is in order of time. */
function forgetBefore(allowed: Map<KeyText, Allowed>, oldestMs: number): void {
  for (const [key, { atMs }] of allowed) {
    if (atMs > oldestMs) return
    allowed.delete(key)
  }
}
