import { setTimeout as delay } from 'node:timers/promises'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { Fence, Lease, Term } from '../../../src/registry/ports.ts'
import type { Generation } from '../../connections/file/generations.ts'
import { LAPSE_MS, RENEW_MS, type Seat } from './seat.ts'

const LOOK_MS = 500

/** Elects a writer among processes that share a folder. */
export class FileLease implements Lease {
  readonly #name: string
  readonly #seat: Seat
  /** Ends the terms that are not over when the registry is closed. */
  readonly #life: Pick<Lifetime, 'use'>

  constructor(name: string, seat: Seat, life: Pick<Lifetime, 'use'>) {
    this.#name = name
    this.#seat = seat
    this.#life = life
  }

  async acquire(signal: AbortSignal): Promise<Term> {
    for (;;) {
      const taken = await this.#seat.take(signal).catch(() => undefined)
      signal.throwIfAborted()
      if (taken?.kind === 'taken') {
        const term = new FileTerm(this.#name, this.#seat, taken.generation)
        return this.#life.use(term, term.ended)
      }
      await delay(LOOK_MS, undefined, { signal })
    }
  }
}

class FileTerm implements Term {
  readonly fence: Fence
  readonly #seat: Seat
  readonly #generation: Generation
  readonly #ended = new AbortController()
  readonly #renewing: Promise<void>

  constructor(name: string, seat: Seat, generation: Generation) {
    this.fence = formatFence(name, generation)
    this.#seat = seat
    this.#generation = generation
    this.#renewing = this.#renew()
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    await this.#renewing
    await this.#seat.leave(this.#generation, timeLimit(RENEW_MS)).catch(() => undefined) // it lapses by itself
  }

  /** Ends the term earlier than others may take over: at the latest one renewal before. */
  async #renew(): Promise<void> {
    const { signal } = this.#ended
    for (let heardMs = performance.now(); !signal.aborted;) {
      const askedMs = performance.now()
      const held = await this.#seat.renew(this.#generation, signal).catch(() => undefined)
      if (held) heardMs = askedMs
      const lapsing = performance.now() - heardMs > LAPSE_MS - 2 * RENEW_MS
      if (held === false || lapsing) this.#ended.abort()
      await delay(RENEW_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** `<lease> <id of the generation>` */
function formatFence(name: string, { id }: Generation): Fence {
  return `${name} ${id}` as Fence
}

export function parseFence(fence: Fence): { readonly name: string; readonly id: string } {
  const space = fence.lastIndexOf(' ')
  return { name: fence.slice(0, space), id: fence.slice(space + 1) }
}
