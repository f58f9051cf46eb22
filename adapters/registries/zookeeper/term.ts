import { IsthmusError } from '../../../src/kernel/errors.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { Fence, Term } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import { Bell } from './bell.ts'
import { fenceOf } from './fence.ts'

/**
 * Of the session's time: how long an answer of the leader vouches for the term. The leader may
 * have heard of us half a heartbeat earlier, as followers pass on who was heard by then.
 */
const VOUCHED = 2 / 3
const LOOKS_PER_SESSION = 6
/** How long giving back waits for a connection. */
const RETURN_MS = 1_000

/** A term, as long as its znode stands and the leader has said so not too long ago. */
export class ZookeeperTerm implements Term {
  readonly fence: Fence
  readonly #supervisor: Supervisor
  readonly #session: string
  readonly #over = new AbortController()
  readonly #bell = new Bell()
  #timer: NodeJS.Timeout | undefined

  constructor(supervisor: Supervisor, { sessionId }: Connection, path: string) {
    this.fence = fenceOf(path)
    this.#supervisor = supervisor
    this.#session = sessionId
    supervisor.closed.addEventListener('abort', () => this.end(), { signal: this.ended })
  }

  get ended(): AbortSignal {
    return this.#over.signal
  }

  /** One and the same function: the library keeps every other one until the znode changes. */
  readonly #ring = (): void => this.#bell.ring()

  /** Asks the leader whether the term goes on, and for how long nobody else can have one. */
  async vouch(connection: Connection): Promise<boolean> {
    const askedMs = performance.now()
    await connection.sync(this.fence)
    const stat = await connection.stat(this.fence, this.#ring)
    if (stat?.session !== this.#session) return false
    const leftMs = askedMs + connection.sessionTimeoutMs * VOUCHED - performance.now()
    clearTimeout(this.#timer)
    if (!this.ended.aborted) this.#timer = setTimeout(() => this.end(), Math.max(0, leftMs))
    return true
  }

  /** Resolves when the term is over, or `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    const scope = AbortSignal.any([signal, this.ended, this.#supervisor.closed])
    while (!scope.aborted) {
      const connection = await this.#supervisor.connected(scope).catch(() => undefined)
      if (!connection) return
      if (connection.sessionId === this.#session) await this.#watch(connection, scope)
      else this.end()
    }
  }

  /** Until the connection is lost, or `scope` aborts. */
  async #watch(connection: Connection, scope: AbortSignal): Promise<void> {
    const either = AbortSignal.any([scope, connection.lost])
    const everyMs = connection.sessionTimeoutMs / LOOKS_PER_SESSION
    while (!either.aborted) {
      if (!(await this.#goesOn(connection))) this.end()
      await this.#bell.heardWithin(everyMs, either)
    }
  }

  /** Without an answer the timer decides. */
  async #goesOn(connection: Connection): Promise<boolean> {
    return await this.vouch(connection).catch(() => true)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#over.abort(new IsthmusError('LEASE_LOST', 'the term is over'))
  }

  /** Gives the term back. Where the server cannot be told now, the session's end tells it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const wasOver = this.ended.aborted
    this.end()
    if (wasOver || this.#supervisor.closed.aborted) return
    await this.#remove().catch(() => undefined)
  }

  async #remove(): Promise<void> {
    const connection = await this.#supervisor.connected(timeLimit(RETURN_MS))
    if (connection.sessionId === this.#session)
      await connection.commit([{ kind: 'remove', path: this.fence, version: 0 }])
  }
}
