import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { openClient, type GuardedClient, type Zxid } from './client.ts'
import { Connection } from './connection.ts'
import type { Ensemble } from './ensemble.ts'

export interface SupervisorEvents {
  connected(): void
  lost(): void
}

const CLOSE_MS = 1_000
/** Of the session's time: when a silent connection is given up, as Java's client does. */
const SILENCE = 2 / 3
/** When a session that cannot be resumed is given up: after the server must have done so. */
const EXPIRY = 4 / 3
const LOOKS_PER_SESSION = 12

/**
 * Keeps a session alive and says when there is a connection. A lost connection is resumed with
 * the same session. A session that the server has ended, or that no server has resumed for so
 * long that it must have, is followed by a new one: its ephemeral znodes are then found under
 * `other-session`. Does no I/O before {@link connected} is called.
 */
export class Supervisor implements AsyncDisposable {
  readonly #ensemble: Ensemble
  readonly #log: Log
  readonly #events: SupervisorEvents
  readonly #closed = new AbortController()
  readonly #waiters = new Set<(connection: Connection) => void>()
  #guarded: GuardedClient | undefined
  #connection: Connection | undefined
  #watchdog: NodeJS.Timeout | undefined
  #lookedMs = 0

  constructor(ensemble: Ensemble, log: Log, events: SupervisorEvents) {
    this.#ensemble = ensemble
    this.#log = log
    this.#events = events
  }

  /** Aborts when the registry is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** The connection there is. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /** The connection there is, or the next one. Rejects when `signal` aborts or on closing. */
  async connected(signal: AbortSignal): Promise<Connection> {
    this.closed.throwIfAborted()
    signal.throwIfAborted()
    if (!this.#guarded) this.#start()
    if (this.#connection) return this.#connection
    const either = AbortSignal.any([signal, this.closed])
    return await new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.delete(take)
        reject(either.reason as Error)
      }
      const take = (connection: Connection): void => {
        either.removeEventListener('abort', abort)
        resolve(connection)
      }
      either.addEventListener('abort', abort, { once: true })
      this.#waiters.add(take)
    })
  }

  /** Ends the session, so that what it keeps alive is gone at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed.aborted) return
    this.#closed.abort(new IsthmusError('REGISTRY_UNAVAILABLE', 'the registry is closed'))
    clearInterval(this.#watchdog)
    const guarded = this.#guarded
    if (this.#connection && guarded) await ending(guarded, this.#connection)
    guarded?.stop()
    this.#lose('the registry is closed')
  }

  /** A session that follows another one must not see less than that one did. */
  #start(seen?: Zxid): void {
    clearInterval(this.#watchdog)
    const guarded = openClient(this.#ensemble, seen, () => {
      if (guarded === this.#guarded) this.#lose('connection lost')
    })
    this.#guarded = guarded
    guarded.client.on('connected', () => this.#connect(guarded))
    const renew = (reason: string): void => this.#renew(guarded, reason, zxidOf(guarded))
    guarded.client.on('expired', () => renew('session expired'))
    guarded.client.on('authenticationFailed', () => renew('the digest was refused'))
    this.#watch(guarded, this.#ensemble.sessionTimeoutMs)
    guarded.client.connect()
  }

  #connect(guarded: GuardedClient): void {
    if (guarded !== this.#guarded || this.closed.aborted) return
    const connection = new Connection(guarded)
    this.#connection = connection
    this.#watch(guarded, guarded.client.getSessionTimeout())
    this.#events.connected()
    this.#log.info({ session: connection.sessionId }, 'zookeeper connected')
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const take of waiters) take(connection)
  }

  #lose(reason: string): void {
    const connection = this.#connection
    if (!connection) return
    this.#connection = undefined
    connection.lose(reason)
    if (this.closed.aborted) return
    this.#events.lost()
    this.#log.warn({ session: connection.sessionId }, 'zookeeper connection lost')
  }

  #renew(guarded: GuardedClient, reason: string, seen: Zxid | undefined): void {
    if (guarded !== this.#guarded || this.closed.aborted) return
    this.#log.warn({ reason }, 'zookeeper session ended, a new one follows')
    this.#lose(reason)
    guarded.stop()
    this.#start(seen)
  }

  #watch(guarded: GuardedClient, sessionTimeoutMs: number): void {
    clearInterval(this.#watchdog)
    const everyMs = Math.max(10, sessionTimeoutMs / LOOKS_PER_SESSION)
    this.#lookedMs = performance.now()
    this.#watchdog = setInterval(() => this.#look(guarded, sessionTimeoutMs, everyMs), everyMs)
  }

  #look(guarded: GuardedClient, sessionTimeoutMs: number, everyMs: number): void {
    const now = performance.now()
    const late = now - this.#lookedMs > 3 * everyMs
    this.#lookedMs = now
    if (late) return // we were stopped, not the server: what came meanwhile is still unread
    const silentMs = now - guarded.heardMs()
    const connection = this.#connection
    if (!connection) {
      if (silentMs > sessionTimeoutMs * EXPIRY) this.#giveUp(guarded)
      return
    }
    if (Math.max(silentMs, connection.waitingMs()) > sessionTimeoutMs * SILENCE) guarded.drop()
  }

  /**
   * No server has let us in for so long that the session is over. When not even a new session was
   * let in, no server may have come as far as what we saw: the ensemble was put back, or it is
   * another one. Whatever is there now is then what counts.
   */
  #giveUp(guarded: GuardedClient): void {
    if (hasSession(guarded))
      this.#renew(guarded, 'no server resumed the session in time', zxidOf(guarded))
    else if (zxidOf(guarded).some((byte) => byte !== 0))
      this.#renew(guarded, 'no server has what was seen before', undefined)
  }
}

function zxidOf({ client }: GuardedClient): Zxid {
  return Buffer.from(client.connectionManager.zxid)
}

function hasSession({ client }: GuardedClient): boolean {
  return client.getSessionId().some((byte) => byte !== 0)
}

/** Resolves when the server has ended the session, or was given the time to. */
async function ending({ client }: GuardedClient, connection: Connection): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MS)
    client.on('disconnected', () => {
      clearTimeout(timer)
      resolve()
    })
    client.close()
  })
  connection.lose('the registry is closed')
}
