import { setTimeout as delay } from 'node:timers/promises'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { Presence } from '../../../src/registry/ports.ts'
import type { Generation } from '../../connections/file/generations.ts'
import { RENEW_MS, type Holder, type Seat } from './seat.ts'

const RETRY_MS = 1_000

/** The identity of a gateway, held in the folder that it writes. */
export class FilePresence implements Presence, AsyncDisposable {
  readonly #owner: string
  readonly #seat: Seat
  #mine: Generation | undefined

  constructor(owner: string, seat: Seat) {
    this.#owner = owner
    this.#seat = seat
  }

  async claim(signal: AbortSignal): Promise<void> {
    while (this.#mine === undefined) {
      const taken = await this.#seat.take(signal).catch(() => undefined)
      signal.throwIfAborted()
      if (taken?.kind === 'occupied') throw ownerTaken(this.#owner, taken.by)
      if (taken) this.#mine = taken.generation
      else await delay(RETRY_MS, undefined, { signal }) // the folder is not there, or a disk fails
    }
  }

  async keep(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.claim(signal)
        await delay(RENEW_MS, undefined, { signal })
        if (!(await this.#stillMine(signal))) this.#mine = undefined
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Nothing is ever hidden here, see {@link hide}. */
  show(): Promise<void> {
    return Promise.resolve()
  }

  /** A file says what instances there are, and has nothing that would hide them. */
  hide(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const mine = this.#mine
    this.#mine = undefined
    // What cannot be said now is found out by the next one: our process has ended.
    if (mine) await this.#seat.leave(mine, timeLimit(RENEW_MS)).catch(() => undefined)
  }

  /** An outage takes nothing away; the other one, if there is any, will be met after it. */
  async #stillMine(signal: AbortSignal): Promise<boolean> {
    if (this.#mine === undefined) return false
    return await this.#seat.renew(this.#mine, signal).catch(() => true)
  }
}

function ownerTaken(owner: string, by: Holder | undefined): IsthmusError {
  const where = by ? ` on ${by.host}, pid ${String(by.pid)}` : ''
  return new IsthmusError('OWNER_TAKEN', `another gateway ${owner} is running${where}`, {
    details: { owner, ...by },
  })
}
