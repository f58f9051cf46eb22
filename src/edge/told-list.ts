import type { ToldText } from './told.ts'

/** Under which a trace is found; two traces may share one. */
export type TraceKey = number

/** What was told about one span, a link of two chains: all by age, and those of its trace. */
export interface ToldEntry {
  readonly text: ToldText
  /** Of its trace. */
  readonly key: TraceKey
  readonly bytes: number
  readonly atMs: number
  older: ToldEntry | undefined
  newer: ToldEntry | undefined
  olderOfTrace: ToldEntry | undefined
  newerOfTrace: ToldEntry | undefined
}

/**
 * Entries in order of their coming, of which any can leave, found by their trace. The chains run
 * through the entries themselves: an entry costs one object and its share of one index, and taking
 * the oldest away walks over nothing that has gone before.
 */
export class ToldList {
  /** The newest of each trace. */
  readonly #traces = new Map<TraceKey, ToldEntry>()
  #oldest: ToldEntry | undefined
  #newest: ToldEntry | undefined
  #size = 0
  #bytes = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  get oldest(): ToldEntry | undefined {
    return this.#oldest
  }

  newestOf(key: TraceKey): ToldEntry | undefined {
    return this.#traces.get(key)
  }

  add(key: TraceKey, text: ToldText, bytes: number, atMs: number): void {
    const before = this.#traces.get(key)
    const entry: ToldEntry = {
      text,
      key,
      bytes,
      atMs,
      older: this.#newest,
      newer: undefined,
      olderOfTrace: before,
      newerOfTrace: undefined,
    }
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    if (before !== undefined) before.newerOfTrace = entry
    this.#newest = entry
    this.#traces.set(key, entry)
    this.#size += 1
    this.#bytes += bytes
  }

  delete(entry: ToldEntry): void {
    const { key, older, newer, olderOfTrace, newerOfTrace } = entry
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (olderOfTrace !== undefined) olderOfTrace.newerOfTrace = newerOfTrace
    if (newerOfTrace !== undefined) newerOfTrace.olderOfTrace = olderOfTrace
    else if (olderOfTrace !== undefined) this.#traces.set(key, olderOfTrace)
    else this.#traces.delete(key)
    // A dead entry of the old generation would keep the next one alive, and that one the next.
    entry.older = entry.newer = entry.olderOfTrace = entry.newerOfTrace = undefined
    this.#size -= 1
    this.#bytes -= entry.bytes
  }
}
