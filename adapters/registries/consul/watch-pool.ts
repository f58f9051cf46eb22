/**
 * Runs a watch for as many names as it may. None is ever cut short: an agent goes on counting a
 * query that was given up, and its connection, until the query's own wait is over. So a name for
 * which there is no room waits until a watch has been quiet for a whole wait and gives its place up.
 * Some places may be kept for names that change: those find one at once.
 */
export class WatchPool {
  readonly #most: number
  readonly #watch: (name: string, goesOn: () => boolean) => Promise<void>
  readonly #running = new Map<string, Promise<void>>()
  /** In order of use, the one used last at the end; no more than could be watched. */
  readonly #wanting = new Set<string>()
  #kept = 0
  #ended = false

  /**
   * `watch` asks after each quiet wait whether it goes on; it rejects only for what must not be
   * ignored, and then with its own care.
   */
  constructor(most: number, watch: (name: string, goesOn: () => boolean) => Promise<void>) {
    this.#most = most
    this.#watch = watch
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  /** Whether all places are taken but those that are kept. */
  get full(): boolean {
    return this.#running.size >= this.#most - this.#kept
  }

  /** So many places are for {@link use} alone, and are given up after a quiet wait. */
  keep(places: number): void {
    this.#kept = places
  }

  /** Watches `name` from now on, or as soon as there is room. */
  use(name: string): void {
    if (this.has(name) || this.#ended) return
    if (this.#running.size < this.#most) {
      this.#start(name)
      return
    }
    this.#wanting.delete(name)
    this.#wanting.add(name)
    const [oldest] = this.#wanting
    if (this.#wanting.size > this.#most && oldest !== undefined) this.#wanting.delete(oldest)
  }

  /** Starts no more, and waits for the end of all that run. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#running.values())
  }

  #start(name: string): void {
    this.#wanting.delete(name)
    const watch = this.#watch(name, () => this.#wanting.size === 0 && !this.#isCrowded())
    this.#running.set(
      name,
      watch.finally(() => this.#next(name)),
    )
  }

  #isCrowded(): boolean {
    return this.#running.size > this.#most - this.#kept
  }

  /** The place goes to the name that was used last. */
  #next(name: string): void {
    this.#running.delete(name)
    const last = [...this.#wanting].at(-1)
    if (last !== undefined && !this.#ended) this.#start(last)
  }
}
