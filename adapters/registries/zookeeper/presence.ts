import { errorCode, errorMessage, isRetryable, IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Presence } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { Bell } from './bell.ts'
import { endClaim, newClaim, type Claim } from './claim.ts'
import { ClaimFolder } from './claim-folder.ts'

export interface PresenceParts {
  readonly supervisor: Supervisor
  readonly owner: string
  /** Where the claims of `owner` stand. */
  readonly folder: string
  readonly sessionTimeoutMs: number
  readonly log: Log
}

const RETRY_MS = 500
/** A claim is looked at so often in a session's time, should nobody have told of its end. */
const LOOKS_PER_SESSION = 6

/**
 * Holds the identity by an ephemeral znode. Its name is of this registry alone, so that every
 * transaction can check that it is still there: whoever takes the identity removes it, and what
 * the former holder writes is refused by the server.
 */
export class ZookeeperPresence implements Presence, Disposable {
  readonly #parts: PresenceParts
  readonly #claim: Claim
  readonly #folder: ClaimFolder
  #wanted = false
  #held: { readonly session: string; readonly path: string } | undefined
  #taken: IsthmusError | undefined
  /** Why it could not be claimed the last time, which is not said again. */
  #said: string | undefined

  constructor(parts: PresenceParts) {
    this.#parts = parts
    this.#claim = newClaim(parts.sessionTimeoutMs)
    this.#folder = new ClaimFolder(parts.folder, parts.owner, this.#claim)
  }

  async claim(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#wanted = true
    this.#taken = undefined
    for (;;) {
      const connection = await this.#parts.supervisor.connected(signal)
      if (await this.#hold(connection, signal)) return
    }
  }

  async keep(signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.#parts.supervisor.closed])
    for (;;) {
      const connection = await this.#parts.supervisor.connected(ended).catch(() => undefined)
      if (!connection) return
      const held = await this.#hold(connection, ended).catch((error: unknown) => {
        if (errorCode(error) === 'OWNER_TAKEN') throw error
        return false // ended
      })
      if (held) await this.#watch(connection, ended)
    }
  }

  /** Nothing is ever hidden here, see {@link hide}. */
  show(): Promise<void> {
    return Promise.resolve()
  }

  /** What was written goes with the session, which ends next. */
  hide(): Promise<void> {
    return Promise.resolve()
  }

  /** What a transaction must check so that nothing is written under an identity of another. */
  checks(connection: Connection): readonly Write[] {
    if (!this.#wanted) return [] // an operator's command, which writes nothing that it would own
    if (this.#taken) throw this.#taken
    if (this.#held?.session === connection.sessionId)
      return [{ kind: 'check', path: this.#held.path, version: 0 }]
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'the identity is not claimed anew yet', {
      retry: true,
      details: { owner: this.#parts.owner },
    })
  }

  /** Looks whether our claim still stands, so that {@link checks} says what is. */
  async confirm(connection: Connection): Promise<void> {
    const held = this.#held
    if (held?.session === connection.sessionId && !(await connection.stat(held.path)))
      this.#held = undefined
    this.checks(connection)
  }

  [Symbol.dispose](): void {
    endClaim(this.#claim)
  }

  /** false when the connection was lost meanwhile. */
  async #hold(connection: Connection, signal: AbortSignal): Promise<boolean> {
    const scope = AbortSignal.any([signal, connection.lost])
    try {
      const path = await this.#folder.take(connection, scope)
      this.#held = { session: connection.sessionId, path }
      this.#said = undefined
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (errorCode(error) === 'OWNER_TAKEN') this.#refuse(error)
      if (!connection.lost.aborted) await this.#pause(error, scope)
      return false
    }
  }

  #refuse(error: unknown): never {
    if (error instanceof IsthmusError) this.#taken = error
    this.#held = undefined
    throw error
  }

  async #pause(error: unknown, scope: AbortSignal): Promise<void> {
    const { log, owner } = this.#parts
    const reason = errorMessage(error)
    const isNew = reason !== this.#said
    this.#said = reason
    if (isNew && !isRetryable(error)) log.error({ owner, err: error }, 'identity cannot be claimed')
    else log.debug({ owner, reason }, 'identity not claimed, will retry')
    await new Bell().heardWithin(RETRY_MS, scope)
  }

  /** Resolves when the claim may be gone. */
  async #watch(connection: Connection, ended: AbortSignal): Promise<void> {
    const everyMs = connection.sessionTimeoutMs / LOOKS_PER_SESSION
    const scope = AbortSignal.any([ended, connection.lost])
    const bell = new Bell()
    // One and the same function: the library keeps every other one until the claim changes.
    const ring = (): void => bell.ring()
    while (!scope.aborted) {
      const there = await this.#isThere(connection, ring).catch(() => true) // lost: see above
      if (!there) return
      await bell.heardWithin(everyMs, scope)
    }
  }

  async #isThere(connection: Connection, ring: () => void): Promise<boolean> {
    const path = this.#held?.path
    if (path === undefined) return false
    const stat = await connection.stat(path, ring)
    return stat?.session === connection.sessionId
  }
}
