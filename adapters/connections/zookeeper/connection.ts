import { CreateMode, type Client, type Stat, type Watcher } from 'node-zookeeper-client'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { GuardedClient } from './client.ts'
import { failureOf, isRace, NO_NODE, zookeeperCode } from './znode-errors.ts'

export type ZnodeStat = Pick<Stat, 'version'> & {
  /** The session whose end removes the znode, as in {@link Connection.sessionId}. */
  readonly session: string | undefined
}

export type Write =
  | {
      readonly kind: 'create'
      readonly path: string
      readonly data: Buffer
      readonly ephemeral: boolean
    }
  | { readonly kind: 'set'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly kind: 'remove'; readonly path: string; readonly version: number }

type Done<T> = (error: unknown, result?: T) => void

/**
 * One connection within one session: from the handshake until it is lost. Reads answer
 * undefined for a znode that is not there; every failure is an IsthmusError.
 */
export class Connection {
  readonly sessionId: string
  readonly #guarded: GuardedClient
  readonly #lost = new AbortController()
  /** Oldest first: replies come in the order of the requests. */
  readonly #waiting = new Set<{ readonly sinceMs: number }>()

  constructor(guarded: GuardedClient) {
    this.#guarded = guarded
    this.sessionId = guarded.client.getSessionId().toString('hex')
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
    try {
      await this.#request<undefined>((client, done) => {
        const transaction = client.transaction()
        for (const write of writes) {
          addWrite(transaction, write)
        }
        transaction.commit((error) => done(error))
      })
      return true
    } catch (error) {
      if (isRace(error)) return false
      throw this.#failure(error, 'write', writes[0]?.path ?? '/')
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

function addWrite(transaction: ReturnType<Client['transaction']>, write: Write): void {
  switch (write.kind) {
    case 'create': {
      const mode = write.ephemeral ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT
      transaction.create(write.path, write.data, mode)
      return
    }
    case 'set':
      transaction.setData(write.path, write.data, write.version)
      break
    case 'remove':
      transaction.remove(write.path, write.version)
      break
    default:
      write satisfies never
  }
  // The library reads version 0 as "any version".
  const added = transaction.ops.at(-1)
  if (added) added.version = write.version
}

function statOf({ version, ephemeralOwner }: Stat): ZnodeStat {
  const session = ephemeralOwner.toString('hex')
  return { version, session: /^0*$/.test(session) ? undefined : session }
}
