import type { Log } from '../../../src/kernel/log.ts'

const MOST_REMEMBERED = 10_000

/** Says once of each znode that it cannot be used, and counts it. */
export class GarbageBook {
  readonly #log: Log
  readonly #count: () => void
  readonly #noted = new Set<string>()

  constructor(log: Log, count: () => void) {
    this.#log = log
    this.#count = count
  }

  note(path: string, reason: string): void {
    if (this.#noted.has(path)) return
    if (this.#noted.size >= MOST_REMEMBERED) this.#noted.clear()
    this.#noted.add(path)
    this.#count()
    this.#log.warn({ path, reason }, 'znode ignored: it is no instance')
  }
}
