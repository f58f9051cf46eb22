/** Complete reads of the source's registries, by which held withdrawals are confirmed. */
export interface Reads {
  /** How many have been made, of each registry. */
  counts(): readonly number[]
  /** Asks each registry for one more. */
  request(): void
}

/** By registry, how many reads must have been made. */
export type Awaited = readonly number[]

/**
 * Asks for second reads. Not before the last ones have ended, nor soon after: each request begins a
 * read anew, so that many of them would keep it from ever coming to its end.
 */
export class SecondReads {
  readonly #reads: Reads
  #asked: { readonly atMs: number; readonly awaited: Awaited } | undefined

  constructor(reads: Reads) {
    this.#reads = reads
  }

  /** Whether it may be asked now, `everyMs` being the least between two times. */
  mayAsk(nowMs: number, everyMs: number): boolean {
    if (!this.#asked) return true
    return nowMs - this.#asked.atMs >= everyMs && this.haveCome(this.#asked.awaited)
  }

  /** Asks each registry for one more read, and returns what is awaited by that. */
  ask(nowMs: number): Awaited {
    const awaited = this.#reads.counts().map((count) => count + 1)
    this.#asked = { atMs: nowMs, awaited }
    this.#reads.request()
    return awaited
  }

  haveCome(awaited: Awaited): boolean {
    const counts = this.#reads.counts()
    return awaited.every((least, index) => (counts[index] ?? 0) >= least)
  }
}
