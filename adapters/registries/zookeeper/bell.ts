/** Rung any number of times before somebody listens, it is heard once. One listener at a time. */
export class Bell {
  #rung = false
  #wake: () => void = () => undefined

  ring(): void {
    this.#rung = true
    this.#wake()
  }

  /** Resolves once it was rung since the last time. Rejects when `signal` aborts. */
  async heard(signal: AbortSignal): Promise<void> {
    if (!this.#rung) await this.#ringOrAbort(signal)
    signal.throwIfAborted()
    this.#rung = false
  }

  /**
   * Resolves once it was rung, after `durationMs`, or when `signal` aborts. Never rejects. Without a
   * signal of its own: one that is made of a long-lived one stays with that, however short its use.
   */
  async heardWithin(durationMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const timer = setTimeout(() => this.#wake(), durationMs)
      await this.#ringOrAbort(signal)
      clearTimeout(timer)
    }
    this.#rung = false
  }

  async #ringOrAbort(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        signal.removeEventListener('abort', this.#wake)
        resolve()
      }
      signal.addEventListener('abort', this.#wake, { once: true })
    })
  }
}
