import { errorCode, errorMessage, isRetryable, IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { StateEntry, StateStore } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { ensembleOf, type EnsembleOptions } from '../../connections/zookeeper/ensemble.ts'
import { makeFolders } from '../../connections/zookeeper/folders.ts'
import { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { pack, unpack } from './packing.ts'

export interface ZookeeperStateOptions extends EnsembleOptions {
  /** Comes before the root. */
  readonly chroot?: string | undefined
  /** The folder of all state; a znode for each name. */
  readonly root: string
}

/** A server refuses a request of 1 MiB (jute.maxbuffer); the path and the ACL are in it too. */
const MOST_BYTES = 1_020 * 1024
const SILENT = { connected: () => undefined, lost: () => undefined }

/** State in znodes; its version is the znode's. Opening does no I/O. */
export class ZookeeperStateStore implements StateStore, AsyncDisposable {
  readonly #folder: string
  readonly #supervisor: Supervisor
  readonly #connectMs: number

  constructor({ chroot = '', root, ...options }: ZookeeperStateOptions, log: Log) {
    this.#folder = chroot + root
    this.#supervisor = new Supervisor(ensembleOf(options), log, SILENT)
    this.#connectMs = options.sessionTimeoutMs
  }

  async load(name: string, signal: AbortSignal): Promise<StateEntry | undefined> {
    const path = this.#path(name)
    return await this.#attempt('read', path, signal, async (connection) => {
      await connection.sync(path) // another replica may have written through another server
      const there = await connection.data(path)
      if (!there) return undefined
      return { value: await unpack(there.data), version: String(there.stat.version) }
    })
  }

  async save(
    name: string,
    value: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const path = this.#path(name)
    const data = await pack(value)
    if (data.length > MOST_BYTES) throw tooLong(path, value, data.length)
    return await this.#attempt('written', path, signal, async (connection) => {
      const write = writeOf(path, data, version)
      if (write.kind === 'create') await makeFolders(connection, this.#folder)
      if (!(await connection.commit([write]))) throw conflict(path)
      return String(write.kind === 'create' ? 0 : write.version + 1)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor[Symbol.asyncDispose]()
  }

  async #attempt<T>(
    done: 'read' | 'written',
    path: string,
    signal: AbortSignal,
    attempt: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    const limit = timeLimit(this.#connectMs)
    try {
      return await attempt(await this.#supervisor.connected(AbortSignal.any([signal, limit])))
    } catch (cause) {
      signal.throwIfAborted()
      if (errorCode(cause) === 'STATE_CONFLICT') throw cause
      const details = { path, reason: errorMessage(cause) }
      const retry = limit.aborted || isRetryable(cause)
      const options = { retry, details, cause }
      throw new IsthmusError(
        'STATE_UNAVAILABLE',
        `state could not be ${done} in ZooKeeper`,
        options,
      )
    }
  }

  /** Any name is one znode in the folder: no separators, no dots. */
  #path(name: string): string {
    return `${this.#folder}/${encodeURIComponent(name).replaceAll('.', '%2E')}`
  }
}

type StateWrite = Extract<Write, { kind: 'create' | 'set' }>

function writeOf(path: string, data: Buffer, version: string | undefined): StateWrite {
  if (version === undefined) return { kind: 'create', path, data, ephemeral: false }
  if (!/^\d{1,10}$/.test(version)) throw conflict(path)
  return { kind: 'set', path, data, version: Number(version) }
}

function tooLong(path: string, value: string, bytes: number): IsthmusError {
  const message = 'the state is too long for a znode: keep it in files instead'
  const details = { path, characters: value.length, bytes, mostBytes: MOST_BYTES }
  return new IsthmusError('STATE_UNAVAILABLE', message, { details })
}

function conflict(path: string): IsthmusError {
  const message = 'the state has been changed by somebody else meanwhile'
  return new IsthmusError('STATE_CONFLICT', message, { details: { path } })
}
