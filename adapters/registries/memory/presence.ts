import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Presence } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import type { Session } from './session.ts'

/** The identity of a gateway, held by its session. */
export class MemoryPresence implements Presence {
  readonly #owner: string
  readonly #backend: MemoryBackend
  readonly #session: Session

  constructor(owner: string, backend: MemoryBackend, session: Session) {
    this.#owner = owner
    this.#backend = backend
    this.#session = session
  }

  async claim(signal: AbortSignal): Promise<void> {
    const { elections } = this.#backend
    for (;;) {
      signal.throwIfAborted()
      await this.#backend.pace()
      if (this.#backend.connected) break
      await elections.change(signal)
    }
    const place = claimOf(this.#owner)
    elections.take(place, this.#session)
    if (elections.holder(place) === this.#session) return
    const details = { owner: this.#owner, pid: process.pid }
    const message = `another gateway ${this.#owner} is running in this process`
    throw new IsthmusError('OWNER_TAKEN', message, { details })
  }

  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.claim(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      await this.#backend.elections.change(signal)
    }
  }

  /** Nothing is ever hidden here, see {@link hide}. */
  show(): Promise<void> {
    return Promise.resolve()
  }

  /** Whoever could be misled lives in this process, and ends with it. */
  hide(): Promise<void> {
    return Promise.resolve()
  }
}

export function claimOf(owner: string): string {
  return `claim ${owner}`
}
