/**
 * Runs a watch for as many names as it may, for those that changed last: each holds a connection
 * of which Consul grants a client only so many.
 */
export class WatchPool {
  readonly #most: number
  readonly #watch: (name: string, signal: AbortSignal) => Promise<void>
  /** In order of use, the one used last at the end. */
  readonly #running = new Map<string, AbortController>()
  readonly #tasks = new Set<Promise<void>>()

  /** `watch` rejects only for what must not be ignored, and then with its own care. */
  constructor(most: number, watch: (name: string, signal: AbortSignal) => Promise<void>) {
    this.#most = most
    this.#watch = watch
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  get full(): boolean {
    return this.#running.size >= this.#most
  }

  /** Watches `name` from now on, in place of the one that has not changed for the longest time. */
  use(name: string): void {
    const running = this.#running.get(name)
    if (running) {
      this.#running.delete(name)
      this.#running.set(name, running)
      return
    }
    const [oldest] = this.#running.keys()
    if (this.full && oldest !== undefined) this.stop(oldest)
    this.#start(name)
  }

  stop(name: string): void {
    this.#running.get(name)?.abort()
    this.#running.delete(name)
  }

  /** Stops all of them and waits for their end. */
  async end(): Promise<void> {
    for (const name of [...this.#running.keys()]) this.stop(name)
    await Promise.all(this.#tasks)
  }

  #start(name: string): void {
    const abort = new AbortController()
    this.#running.set(name, abort)
    const task = this.#watch(name, abort.signal).finally(() => {
      if (this.#running.get(name) === abort) this.#running.delete(name)
      this.#tasks.delete(task)
    })
    this.#tasks.add(task)
  }
}
