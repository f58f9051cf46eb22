import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode, errorMessage } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Lull } from '../../../src/kernel/lull.ts'
import type { RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import { Bell } from './bell.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { GarbageBook } from './garbage.ts'
import type { LayoutName } from './layout.ts'
import type { Reads } from './layouts.ts'
import { Outbox } from './outbox.ts'
import { Scan } from './scan.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'

export interface SourceParts {
  readonly supervisor: Supervisor
  readonly reads: Reads
  /** What this gateway writes itself, by name of the service. */
  readonly writes: Lull
  readonly owner: string
  readonly cluster: string | undefined
  readonly log: Log
  readonly garbage: GarbageBook
  /** Counts a service that cannot be read, beside what the log says. */
  unreadable(): void
}

const FIRST_RETRY_MS = 200
const MOST_RETRY_MS = 30_000

/** Reads every layout; a lost connection is `stale`, the next one begins with a new snapshot. */
export class ZookeeperSource implements RegistrySource {
  readonly #parts: SourceParts
  #again = new AbortController()
  #scan: Scan | undefined

  constructor(parts: SourceParts) {
    this.#parts = parts
  }

  /** What the running watch has heard: see {@link Scan.roomFor}. */
  roomFor(layout: LayoutName, name: string): string | undefined {
    return this.#scan?.roomFor(layout, name)
  }

  resync(): void {
    this.#again.abort()
    this.#again = new AbortController()
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SourceEvent, void> {
    const ending = new AbortController()
    const ended = AbortSignal.any([signal, this.#parts.supervisor.closed, ending.signal])
    const telling = new Telling()
    const following = this.#follow(telling, ended)
    try {
      while (!ended.aborted) {
        yield* telling.outbox.take()
        if (!telling.outbox.waiting) await telling.bell.heard(ended).catch(() => undefined)
      }
    } finally {
      ending.abort()
      await following
    }
  }

  async #follow(telling: Telling, ended: AbortSignal): Promise<void> {
    let failures = 0
    while (!ended.aborted) {
      const connection = await this.#parts.supervisor.connected(ended).catch(() => undefined)
      if (!connection) return
      const failure = await this.#scanOnce(telling, connection, ended, () => {
        failures = 0
      })
      if (failure === undefined) continue
      const { log } = this.#parts
      if (failures === 0) log.warn({ reason: failure }, 'zookeeper cannot be read, will retry')
      const pauseMs = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++)
      await delay(pauseMs, undefined, { signal: ended }).catch(() => undefined)
    }
  }

  /** Runs until the connection is lost or a resync is asked for, or returns why it failed. */
  async #scanOnce(
    telling: Telling,
    connection: Connection,
    ended: AbortSignal,
    onComplete: () => void,
  ): Promise<string | undefined> {
    const { reads, writes, owner, cluster, garbage } = this.#parts
    const again = this.#again.signal
    const failed = new AbortController()
    const scope = AbortSignal.any([ended, connection.lost, again, failed.signal])
    setMaxListeners(0, scope) // one for each service that waits to look again
    const scan = new Scan({
      connection,
      reads,
      writes,
      owner,
      cluster,
      changed: (name) => {
        if (!scope.aborted) telling.changed(name)
      },
      garbage: (path, reason) => garbage.note(path, reason),
      unreadable: (path, error) => this.#unreadable(path, error),
    })
    const complete = (): void => {
      onComplete()
      this.#scan = scan
      telling.complete(scan)
    }
    const error: unknown = await scan.run(scope, complete).catch((reason: unknown) => reason)
    this.#scan = undefined
    if (ended.aborted || (again.aborted && !connection.lost.aborted)) return undefined
    const lost = connection.lost.aborted
    failed.abort()
    telling.lose(errorMessage(lost ? connection.lost.reason : error))
    return lost ? undefined : `${errorCode(error) ?? 'unexpected'}: ${errorMessage(error)}`
  }

  #unreadable(path: string, error: unknown): void {
    this.#parts.unreadable()
    this.#parts.log.warn(
      { path, err: error },
      'service cannot be read: it stays unknown, the others go on',
    )
  }
}

/** The outbox with the bell that says when to look into it. */
class Telling {
  readonly outbox = new Outbox()
  readonly bell = new Bell()

  complete(scan: Scan): void {
    this.outbox.complete(scan)
    this.bell.ring()
  }

  changed(name: string): void {
    this.outbox.changed(name)
    this.bell.ring()
  }

  lose(reason: string): void {
    this.outbox.lose(reason)
    this.bell.ring()
  }
}
