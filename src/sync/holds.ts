import type { KeyText } from '../registry/model.ts'
import type { Awaited } from './second-reads.ts'

export interface Hold {
  readonly sinceMs: number
  /** Why it would be withdrawn, as it was when it came to be held. */
  readonly reason: string
  /** The second reads that confirm it; undefined until they are asked for. */
  confirmedBy?: Awaited
  /** It was told that it may go: what it waits for besides wakes it by itself. */
  isTold?: boolean
}

/** A withdrawal that waits because there are too many at once. */
export interface HeldWithdrawal {
  readonly key: KeyText
  readonly forMs: number
  /**
   * Why the service would be withdrawn: a SkipReason, or `fewer-instances` of one that is direct.
   * `fewer-endpoints` withdraws nothing: it ends that former instances are called.
   */
  readonly reason: string
}

/** What is held, and how much of it for which reason. */
export class Holds {
  readonly #byKey = new Map<KeyText, Hold>()
  readonly #byReason = new Map<string, number>()

  get size(): number {
    return this.#byKey.size
  }

  /** How many there are for each reason that there ever was. */
  get byReason(): ReadonlyMap<string, number> {
    return this.#byReason
  }

  entries(): Iterable<[KeyText, Hold]> {
    return this.#byKey.entries()
  }

  list(nowMs: number): readonly HeldWithdrawal[] {
    return [...this.#byKey].map(([key, { sinceMs, reason }]) => {
      return { key, forMs: nowMs - sinceMs, reason }
    })
  }

  get(key: KeyText): Hold | undefined {
    return this.#byKey.get(key)
  }

  /** One that is held already goes on being held as it is. */
  begin(key: KeyText, hold: Hold): void {
    if (this.#byKey.has(key)) return
    this.#byKey.set(key, hold)
    this.#byReason.set(hold.reason, (this.#byReason.get(hold.reason) ?? 0) + 1)
  }

  end(key: KeyText): void {
    const hold = this.#byKey.get(key)
    if (!hold) return
    this.#byKey.delete(key)
    this.#byReason.set(hold.reason, (this.#byReason.get(hold.reason) ?? 1) - 1)
  }
}
