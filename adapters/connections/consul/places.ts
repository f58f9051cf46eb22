/**
 * Connections that Consul counts. It counts a query that was given up until the query's wait is
 * over, because it does not notice before; so its place is free only then.
 */
export class Places {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(most: number) {
    this.#free = most
  }

  /** Resolves when there is a place; rejects when `signal` aborts before. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(granted)
        reject(signal.reason as Error)
      }
      const granted = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      this.#waiting.add(granted)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  free(): void {
    const [next] = this.#waiting
    if (!next) this.#free += 1
    else {
      this.#waiting.delete(next)
      next()
    }
  }

  freeIn(ms: number): void {
    setTimeout(() => this.free(), ms).unref()
  }
}
