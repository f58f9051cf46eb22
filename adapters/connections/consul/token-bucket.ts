import { setTimeout as delay } from 'node:timers/promises'

/** Lets a burst of `burst` through at once and then one each `everyMs`. */
export class TokenBucket {
  readonly #burst: number
  #everyMs: number
  #tokens: number
  #countedAtMs = performance.now()

  constructor(burst: number, everyMs: number) {
    this.#burst = burst
    this.#everyMs = everyMs
    this.#tokens = burst
  }

  /** From now on one each `everyMs`. */
  pace(everyMs: number): void {
    this.#refill()
    this.#everyMs = everyMs
  }

  /** Resolves when one more may go. Rejects with an AbortError once `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#refill()
    this.#tokens -= 1
    if (this.#tokens < 0) await delay(-this.#tokens * this.#everyMs, undefined, { signal })
  }

  #refill(): void {
    const now = performance.now()
    const earned = (now - this.#countedAtMs) / this.#everyMs
    this.#tokens = Math.min(this.#burst, this.#tokens + earned)
    this.#countedAtMs = now
  }
}
