import type { Log } from '../../src/kernel/log.ts'

const EVERY_MS = 10_000

/** Counts one look at the stores, and says how far it is when it takes long. */
export class Progress {
  readonly #log: Log
  #scanned = 0
  #written = 0
  #saidAtMs = performance.now()

  constructor(log: Log) {
    this.#log = log
  }

  scanned(traces: number): void {
    this.#scanned += traces
    this.#say()
  }

  written(traces: number): void {
    this.#written += traces
    this.#say()
  }

  counts(): { readonly scanned: number; readonly written: number } {
    return { scanned: this.#scanned, written: this.#written }
  }

  #say(): void {
    if (performance.now() - this.#saidAtMs < EVERY_MS) return
    this.#saidAtMs = performance.now()
    this.#log.info(this.counts(), 'stitching goes on')
  }
}
