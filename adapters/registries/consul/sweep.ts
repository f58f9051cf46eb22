import { setTimeout as delay } from 'node:timers/promises'

/** Sweeping may take up to half of the time. */
const REST_FACTOR = 1
const SHORTEST_REST_MS = 50
/** Without a reason too: an address that a node lends its services changes without a sign. */
const LONGEST_REST_MS = 60_000

/** Looks at everything that is not watched by itself, when something there has changed. */
export class Sweep {
  readonly #look: () => Promise<void>
  #wanted = false
  #wake: (() => void) | undefined

  constructor(look: () => Promise<void>) {
    this.#look = look
  }

  /** At once if the last one is long enough ago. */
  want(): void {
    this.#wanted = true
    this.#wake?.()
  }

  /** Runs until `signal` aborts, and then rejects. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#reason(signal)
      this.#wanted = false
      const startMs = performance.now()
      await this.#look()
      const tookMs = performance.now() - startMs
      await delay(Math.max(SHORTEST_REST_MS, REST_FACTOR * tookMs), undefined, { signal })
    }
  }

  async #reason(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#wanted) return
    const rested = new AbortController()
    this.#wake = () => rested.abort()
    const either = AbortSignal.any([signal, rested.signal])
    await delay(LONGEST_REST_MS, undefined, { signal: either }).catch(() => undefined)
    this.#wake = undefined
    signal.throwIfAborted()
  }
}
