import { setTimeout as delay } from 'node:timers/promises'

/** Sweeping may take up to a quarter of the time. */
const REST_FACTOR = 3
const SHORTEST_REST_MS = 50
/** Within this, the answer to a write of ours says that a change is its own. */
const SETTLE_MS = 20
/** Without a reason too: an address that a node lends its services changes without a sign. */
const LONGEST_REST_MS = 60_000

/** Looks at everything that is not watched by itself, when something there has changed. */
export class Sweep {
  readonly #ready: () => Promise<void>
  readonly #look: (wanted: boolean) => Promise<void>
  #wanted = false
  #wake: (() => void) | undefined

  /**
   * `look` is told whether something has changed, or it is only time to look again; `ready` is
   * awaited before it, and does not count as sweeping.
   */
  constructor(ready: () => Promise<void>, look: (wanted: boolean) => Promise<void>) {
    this.#ready = ready
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
      const wanted = this.#wanted
      if (wanted) await delay(SETTLE_MS, undefined, { signal })
      await this.#ready()
      signal.throwIfAborted()
      this.#wanted = false
      const startMs = performance.now()
      await this.#look(wanted)
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
