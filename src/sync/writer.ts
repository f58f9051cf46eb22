import type { Log } from '../kernel/log.ts'
import type { KeyText } from '../registry/model.ts'
import type { Fence, Lease, Term } from '../registry/ports.ts'
import type { Side } from './side.ts'

/** `idle`: nothing is addressed directly. `standby`: another replica writes, or none yet. */
export type WriterState = 'idle' | 'standby' | 'writing'

export interface WriterParts {
  /** Name of the registry that is written. */
  readonly registry: string
  readonly lease: Lease
  readonly from: Pick<Side, 'reads' | 'resync'>
  readonly log: Log
  /** Told after each change of the state. */
  readonly onChange: () => void
}

/**
 * Whether this process, of all replicas of its cluster, writes what carries the cluster's name in
 * one registry. It asks for the lease as long as any service needs it.
 */
export class Writer {
  readonly #parts: WriterParts
  readonly #needing = new Set<KeyText>()
  /** Aborts when nothing needs a writer any more. */
  #needed = new AbortController()
  #wake: () => void = () => undefined
  #state: WriterState = 'idle'
  #term: Term | undefined
  /** Aborts when a registry has said that the term is over. */
  #lost = new AbortController()
  #freshReads: readonly number[] = []

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  get state(): WriterState {
    return this.#state
  }

  /** Under which term is written; undefined for a standby. */
  get fence(): Fence | undefined {
    const over = this.#lost.signal.aborted || this.#term?.ended.aborted
    return over ? undefined : this.#term?.fence
  }

  /**
   * Whether the source has been read since the term began. What the writer before this one knew of
   * may be missing in what was read earlier, from a server that lags: nothing is removed by that.
   */
  get mayRemove(): boolean {
    const counts = this.#parts.from.reads()
    return this.#freshReads.every((least, index) => (counts[index] ?? 0) >= least)
  }

  /** Whether something of the cluster stands, or is to stand, for `target`. */
  needs(target: KeyText, isNeeded: boolean): void {
    if (!isNeeded) {
      if (this.#needing.delete(target) && this.#needing.size === 0) this.#needed.abort()
      return
    }
    if (this.#needing.size === 0) this.#needed = new AbortController()
    this.#needing.add(target)
    this.#wake()
  }

  /** The registry has refused `fence`: it writes no more until there is a new term. */
  lose(fence: Fence): void {
    if (this.#term?.fence === fence) this.#lost.abort()
  }

  /** Takes its turns until `signal` aborts. Outages are waited out. */
  async run(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted
    for (;;) {
      await this.#untilNeeded(signal)
      if (isOver()) return
      this.#become('standby')
      await this.#takeTurn(AbortSignal.any([signal, this.#needed.signal]))
      if (this.#needing.size === 0) this.#become('idle')
    }
  }

  async #untilNeeded(signal: AbortSignal): Promise<void> {
    const bell = new AbortController()
    this.#wake = () => bell.abort()
    if (this.#needing.size === 0) await aborted(AbortSignal.any([signal, bell.signal]))
  }

  /** Gives the term back when `signal` aborts, so that a standby need not wait for its end. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    const { lease, from } = this.#parts
    await using term = await lease.acquire(signal).catch(unlessAborted(signal))
    if (!term) return
    this.#lost = new AbortController()
    this.#freshReads = from.reads().map((count) => count + 1)
    this.#term = term
    from.resync()
    this.#become('writing')
    await aborted(AbortSignal.any([signal, term.ended, this.#lost.signal]))
    this.#term = undefined
    this.#become('standby')
  }

  #become(state: WriterState): void {
    if (state === this.#state) return
    const { registry, log, onChange } = this.#parts
    log.info({ registry, before: this.#state, now: state }, 'writer of direct records has changed')
    this.#state = state
    onChange()
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function unlessAborted(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error
    return undefined
  }
}
