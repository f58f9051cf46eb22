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

  /** Resolves once it was rung, after `durationMs`, or when `signal` aborts. Never rejects. */
  async heardWithin(durationMs: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const timer = setTimeout(() => enough.abort(), durationMs)
    await this.heard(AbortSignal.any([signal, enough.signal])).catch(() => undefined)
    clearTimeout(timer)
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
