import { CreateMode, type Client, type Stat, type Watcher } from 'node-zookeeper-client'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { GuardedClient } from './client.ts'
import { syncRequest } from './sync-request.ts'
import { addWrite, type Write } from './writes.ts'
import { failureOf, isRace, NO_NODE, zookeeperCode } from './znode-errors.ts'

export type ZnodeStat = Pick<Stat, 'version'> & {
  /** The session whose end removes the znode, as in {@link Connection.sessionId}. */
  readonly session: string | undefined
}

type Done<T> = (error: unknown, result?: T) => void

/**
 * One connection within one session: from the handshake until it is lost. Reads answer
 * undefined for a znode that is not there; every failure is an IsthmusError.
 */
export class Connection {
  readonly sessionId: string
  /** As the server grants it. */
  readonly sessionTimeoutMs: number
  readonly #guarded: GuardedClient
  readonly #lost = new AbortController()
  /** Oldest first: replies come in the order of the requests. */
  readonly #waiting = new Set<{ readonly sinceMs: number }>()

  constructor(guarded: GuardedClient) {
    this.#guarded = guarded
    this.sessionId = guarded.client.getSessionId().toString('hex')
    this.sessionTimeoutMs = guarded.client.getSessionTimeout()
  }

  /** Aborts when the connection is lost; its reason is the error of all that was under way. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Called by the supervisor alone. */
  lose(reason: string): void {
    this.#lost.abort(new IsthmusError('REGISTRY_UNAVAILABLE', reason, { retry: true }))
  }

  /** How long the oldest request has been waiting for its reply; 0 when none is. */
  waitingMs(): number {
    const [oldest] = this.#waiting
    return oldest ? performance.now() - oldest.sinceMs : 0
  }

  async children(path: string, watcher?: Watcher): Promise<readonly string[] | undefined> {
    return await this.#read<readonly string[]>('list', path, (client, done) =>
      client.getChildren(path, watcher, done),
    )
  }

  async stat(path: string, watcher?: Watcher): Promise<ZnodeStat | undefined> {
    return await this.#read<ZnodeStat>('stat', path, (client, done) =>
      client.exists(path, watcher, (error, stat) => done(error, stat ? statOf(stat) : undefined)),
    )
  }

  async data(
    path: string,
    watcher?: Watcher,
  ): Promise<{ readonly data: Buffer; readonly stat: ZnodeStat } | undefined> {
    return await this.#read('read', path, (client, done) =>
      client.getData(path, watcher, (error, data, stat) =>
        done(error, error ? undefined : { data: data ?? Buffer.alloc(0), stat: statOf(stat) }),
      ),
    )
  }

  /**
   * All of `writes` or none, in one transaction. false when a znode was there, was not there or
   * had another version than they take for granted: look again, then write again.
   */
  async commit(writes: readonly Write[]): Promise<boolean> {
    let refused = 0
    try {
      await this.#request<undefined>((client, done) => {
        const transaction = client.transaction()
        for (const write of writes) addWrite(transaction, write, this.#guarded.acls)
        transaction.commit((error, results = []) => {
          refused = results.findIndex(({ err = 0 }) => err !== 0)
          done(error)
        })
      })
      return true
    } catch (error) {
      if (isRace(error)) return false
      throw this.#failure(error, 'write', (writes[refused] ?? writes[0])?.path ?? '/')
    }
  }

  /**
   * Creates an ephemeral znode whose name is `prefix` and a number, larger than that of any
   * created there before, and returns its path. false when its folder is not there.
   */
  async createNumbered(prefix: string, data: Buffer): Promise<string | false> {
    try {
      const path = await this.#request<string>((client, done) => {
        client.create(prefix, data, this.#guarded.acls, CreateMode.EPHEMERAL_SEQUENTIAL, done)
      })
      return path ?? false
    } catch (error) {
      if (isRace(error)) return false
      throw this.#failure(error, 'create', prefix)
    }
  }

  /** What is read after it is at least as new as the moment in which it was called. */
  async sync(path: string): Promise<void> {
    try {
      await this.#request<undefined>(({ connectionManager }, done) => {
        connectionManager.queue(syncRequest(path), done)
      })
    } catch (error) {
      throw this.#failure(error, 'sync', path)
    }
  }

  forgetWatches(): void {
    this.#guarded.forgetWatches()
  }

  async #read<T>(
    operation: string,
    path: string,
    start: (client: Client, done: Done<T>) => void,
  ): Promise<T | undefined> {
    try {
      return await this.#request(start)
    } catch (error) {
      if (zookeeperCode(error) === NO_NODE) return undefined
      throw this.#failure(error, operation, path)
    }
  }

  #request<T>(start: (client: Client, done: Done<T>) => void): Promise<T | undefined> {
    this.lost.throwIfAborted()
    const waiting = { sinceMs: performance.now() }
    this.#waiting.add(waiting)
    return new Promise((resolve, reject) => {
      this.#guarded.send((client) =>
        start(client, (error, result) => {
          this.#waiting.delete(waiting)
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- translated by the caller
          if (error) reject(error)
          else resolve(result)
        }),
      )
    })
  }

  #failure(error: unknown, operation: string, path: string): unknown {
    return error === this.lost.reason ? error : failureOf(error, operation, path)
  }
}

function statOf({ version, ephemeralOwner }: Stat): ZnodeStat {
  const session = ephemeralOwner.toString('hex')
  return { version, session: /^0*$/.test(session) ? undefined : session }
}
