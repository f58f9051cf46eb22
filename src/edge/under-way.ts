/** What has begun and not ended, so that a stop can wait for it. */
export class UnderWay {
  readonly #all = new Set<Promise<void>>()

  get size(): number {
    return this.#all.size
  }

  /** Owns `task`, which never rejects, until it is over. */
  add(task: Promise<void>): void {
    this.#all.add(task)
    void task.finally(() => this.#all.delete(task))
  }

  /** Resolves when nothing is under way, also of what begins meanwhile, or when `signal` aborts. */
  async over(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    while (this.#all.size > 0 && !signal.aborted) {
      await Promise.race([Promise.all(this.#all), aborted])
    }
  }
}
