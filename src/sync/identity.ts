import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Registry } from '../registry/ports.ts'

/**
 * `claiming`: not known to be ours yet. `held`: this process alone writes under the gateway's
 * identity. `taken`: another one has taken it; this one goes on without writing.
 */
export type IdentityState = 'claiming' | 'held' | 'taken'

export interface IdentityStatus {
  readonly registry: string
  readonly state: IdentityState
}

export interface IdentityDeps {
  readonly log: Log
  readonly clock: Clock
  /** Told after each change of the state. */
  readonly onChange: () => void
}

const RETRY_MS = 5_000

/** Whether this process may write one registry. */
export class Identity {
  readonly #registry: Pick<Registry, 'name' | 'presence'>
  readonly #deps: IdentityDeps
  #state: IdentityState = 'claiming'
  #isAsked = false

  constructor(registry: Pick<Registry, 'name' | 'presence'>, deps: IdentityDeps) {
    this.#registry = registry
    this.#deps = deps
  }

  get isHeld(): boolean {
    return this.#state === 'held'
  }

  /** Asked for and not held: nothing is written. Who only reads asks for none. */
  get isMissing(): boolean {
    return this.#isAsked && !this.isHeld
  }

  get status(): IdentityStatus {
    return { registry: this.#registry.name, state: this.#state }
  }

  /**
   * Claims and keeps the identity until `signal` aborts, through all outages. Rejects with
   * OWNER_TAKEN when another process has it at the start: two would undo each other's writes. Who
   * loses it later goes on carrying traffic, and writes again when it is free.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { presence } = this.#registry
    const aborted = (): boolean => signal.aborted
    this.#isAsked = true
    for (let everHeld = false; !aborted();) {
      try {
        await presence.claim(signal)
        everHeld = true
        this.#become('held')
        await presence.keep(signal)
      } catch (error) {
        if (aborted()) return
        const isTaken = errorCode(error) === 'OWNER_TAKEN'
        if (isTaken && !everHeld) throw error
        this.#become(isTaken ? 'taken' : 'claiming', error)
        await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  #become(state: IdentityState, error?: unknown): void {
    if (state === this.#state && error === undefined) return
    const fields = { registry: this.#registry.name, before: this.#state, now: state }
    const changed = state !== this.#state
    this.#state = state
    if (changed && state === 'taken') {
      const why = { ...fields, reason: errorMessage(error) }
      this.#deps.log.error(why, 'another process has taken this identity: nothing is written')
    } else if (error !== undefined) {
      const why = { ...fields, code: errorCode(error), reason: errorMessage(error) }
      this.#deps.log[changed ? 'warn' : 'debug'](why, 'identity cannot be claimed, will retry')
    } else {
      this.#deps.log.info(fields, 'identity is held')
    }
    this.#deps.onChange()
  }
}
