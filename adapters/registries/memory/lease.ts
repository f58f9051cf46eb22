import type { Fence, Lease, Term } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import type { Session } from './session.ts'

/** Elects a writer among the sessions of one backend. */
export class MemoryLease implements Lease {
  readonly #place: string
  readonly #backend: MemoryBackend
  readonly #session: Session

  constructor(name: string, backend: MemoryBackend, session: Session) {
    this.#place = leaseOf(name)
    this.#backend = backend
    this.#session = session
  }

  async acquire(signal: AbortSignal): Promise<Term> {
    const { elections } = this.#backend
    for (;;) {
      signal.throwIfAborted()
      await this.#backend.pace()
      const number = this.#backend.connected
        ? elections.take(this.#place, this.#session)
        : undefined
      if (number !== undefined) return new MemoryTerm(this.#place, number, this.#backend)
      await elections.change(signal)
    }
  }
}

class MemoryTerm implements Term {
  readonly fence: Fence
  readonly #place: string
  readonly #number: number
  readonly #backend: MemoryBackend
  readonly #ended = new AbortController()

  constructor(place: string, number: number, backend: MemoryBackend) {
    this.fence = `${String(number)} ${place}` as Fence
    this.#place = place
    this.#number = number
    this.#backend = backend
    const { elections } = backend
    // Without a connection nobody can say whether the session lives.
    const look = (): void => {
      if (!backend.connected || !elections.holds(place, number)) this.#ended.abort()
    }
    this.ended.addEventListener('abort', elections.watch(look), { once: true })
    look()
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#backend.elections.leave(this.#place, this.#number)
    this.#ended.abort()
    return Promise.resolve()
  }
}

export function leaseOf(name: string): string {
  return `lease ${name}`
}

/** The place and the number that a fence is of. */
export function parseFence(fence: Fence): { readonly place: string; readonly number: number } {
  const space = fence.indexOf(' ')
  return { place: fence.slice(space + 1), number: Number(fence.slice(0, space)) }
}
