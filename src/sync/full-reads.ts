import type { Clock } from '../kernel/clock.ts'
import { together } from '../kernel/together.ts'
import type { RegistrySource } from '../registry/ports.ts'

interface ReadSource extends Pick<RegistrySource, 'resync'> {
  /** How often it has been read completely so far. */
  reads(): number
}

interface FullReadsParts {
  readonly sources: readonly ReadSource[]
  readonly clock: Pick<Clock, 'sleep'>
  readonly everyMs: number
  /** From 0 to below 1. */
  readonly random: () => number
}

/**
 * Reads each registry completely now and then, although it tells of its changes: what it failed to
 * tell would otherwise be missed until the next change of the same service. A read that is due while
 * one is under way is left out: each request begins a read anew, so that one which takes longer than
 * the time between two of them would never come to its end.
 */
export class FullReads {
  readonly #parts: FullReadsParts
  #everyMs: number
  /** Aborts when the pause under way is not the right one any more. */
  #changed = new AbortController()

  constructor(parts: FullReadsParts) {
    this.#parts = parts
    this.#everyMs = parts.everyMs
  }

  configure(everyMs: number): void {
    if (everyMs === this.#everyMs) return
    this.#everyMs = everyMs
    this.#changed.abort()
    this.#changed = new AbortController()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sources } = this.#parts
    await together(
      sources.map((source) => (stop) => this.#read(source, stop)),
      signal,
    )
  }

  async #read(source: ReadSource, signal: AbortSignal): Promise<void> {
    let before = 0 // the first one is under way from the start
    while (!signal.aborted) {
      const changed = this.#changed.signal
      const end = AbortSignal.any([signal, changed]) // one for many pauses: it lives as long as `signal`
      while (await this.#paused(end)) {
        const reads = source.reads()
        if (reads > before) source.resync()
        before = reads
      }
    }
  }

  /** Up to a quarter less or more, so that neither registries nor replicas are read all at once. */
  async #paused(end: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#parts
    await clock.sleep(this.#everyMs * (0.75 + random() / 2), end).catch(() => undefined)
    return !end.aborted
  }
}
