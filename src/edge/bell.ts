/** Rung while nobody waits, it is heard by the next who does. */
export class Bell {
  #rung = false
  #hear: () => void = () => undefined

  ring(): void {
    this.#rung = true
    this.#hear()
  }

  /** Resolves when rung, when `signal` aborts, or after `timeoutMs`. */
  async wait(timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
        this.#hear = () => {
          clearTimeout(timer)
          resolve()
        }
        signal.addEventListener('abort', this.#hear, { once: true })
      })
      signal.removeEventListener('abort', this.#hear)
    }
    this.#rung = false
  }
}
