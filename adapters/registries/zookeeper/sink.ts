import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Lull } from '../../../src/kernel/lull.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Change, RegistrySink } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { childOf, idOf } from './layout.ts'
import { OwnZnodes } from './own-znodes.ts'
import { batches } from './write-batches.ts'
import type { WriteGuard } from './write-guard.ts'
import { ZnodeWrites, type Znode, type ZnodeWritesParts } from './znode-writes.ts'

export interface SinkParts extends ZnodeWritesParts {
  readonly supervisor: Supervisor
  /** How long a write waits for a connection. */
  readonly connectMs: number
  readonly guard: WriteGuard
  /** Told of each write, by name of the service. */
  readonly writes: Lull
}

const MOST_TRIES = 5

/**
 * Writes instances that stand for this gateway as ephemeral znodes of our session, and those that
 * stand for themselves, in the cluster's name, as persistent ones: a writer that dies must not take
 * along what another replica goes on with. One change is one transaction where it fits in one:
 * readers see all of it at once, and it is one write to the ensemble.
 */
export class ZookeeperSink implements RegistrySink {
  readonly #parts: SinkParts
  /** What was normalized and is not written yet: its znode need not be made again. */
  readonly #znodes = new WeakMap<Instance, Znode>()
  readonly #own = new OwnZnodes()
  readonly #writes: ZnodeWrites

  constructor(parts: SinkParts) {
    this.#parts = parts
    this.#writes = new ZnodeWrites(parts, this.#own)
  }

  async apply(change: Change, signal: AbortSignal): Promise<void> {
    await this.#parts.writes.during(change.key.name, () => this.#apply(change, signal))
  }

  async #apply(change: Change, signal: AbortSignal): Promise<void> {
    const connection = await this.#connected(signal)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      signal.throwIfAborted()
      // What was heard is believed once: the transaction fails where it is not so any more.
      if (await this.#tryToApply(connection, change, tries > 0)) {
        for (const instance of change.puts) this.#znodes.delete(instance)
        return
      }
      await this.#parts.guard.explain(connection, change)
    }
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'others keep changing the same znodes', {
      retry: true,
      details: { service: change.key.name },
    })
  }

  normalize(key: ServiceKey, instance: Omit<Instance, 'id'>): Instance {
    const layout = this.#parts.layoutFor(key)
    const znode = layout.encode(key, instance)
    const written = layout.decodeOwn(key, znode, instance)
    if (!written)
      throw new IsthmusError('REGISTRY_REFUSED', 'the instance cannot be written as a znode', {
        details: { service: key.name, host: instance.host, port: instance.port },
      })
    const read = { ...written, id: idOf(layout.name, znode.child) }
    this.#znodes.set(read, znode)
    return read
  }

  recognizes(owner: string, key: ServiceKey, instance: Instance): boolean {
    return this.#parts.layouts.some((layout) => {
      const child = childOf(layout.name, instance.id)
      return child !== undefined && layout.recognizes(owner, key, child, instance)
    })
  }

  accepts(key: ServiceKey): true | string {
    return this.#parts.layoutFor(key).accepts(key)
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    const { supervisor, connectMs } = this.#parts
    if (supervisor.connection) return supervisor.connection // no timer for each of thousands
    const timeout = timeLimit(connectMs)
    try {
      return await supervisor.connected(AbortSignal.any([signal, timeout]))
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error
      throw new IsthmusError('REGISTRY_UNAVAILABLE', 'no ZooKeeper server answers', {
        retry: true,
        cause: error,
      })
    }
  }

  async #tryToApply(connection: Connection, change: Change, look: boolean): Promise<boolean> {
    const { key, puts, removals } = change
    const checks = this.#parts.guard.checks(connection, change)
    const kept = new Set(puts.map(({ id }) => id))
    const gone = removals.filter(({ id }) => !kept.has(id))
    const { surroundings } = this.#parts.layoutFor(key)
    const about = { connection, key, look }
    const [before, created, removed] = await Promise.all([
      puts.length > 0 ? surroundings?.before(connection, key, puts) : undefined,
      Promise.all(puts.map((one) => this.#writes.toPut(about, one, this.#znodes.get(one)))),
      Promise.all(gone.map((one) => this.#writes.toRemove(about, one))),
    ])
    const added = withoutRepeats([...(before ?? []), ...created.flat()])
    const after = await this.#writes.after(about, added, removed)
    const writes = [...added, ...removed.flatMap((one) => one.writes), ...after]
    this.#own.forget(writes)
    for (const batch of batches(writes))
      if (!(await connection.commit([...checks, ...batch]))) return false
    for (const [n, instance] of puts.entries())
      if (this.#writes.isOfSession(instance)) this.#own.left(connection, instance, created[n] ?? [])
    return true
  }
}

/** Each znode is created once, also where several instances lack the same folder. */
function withoutRepeats(writes: readonly Write[]): readonly Write[] {
  const created = new Set<string>()
  return writes.filter(({ kind, path }) => {
    if (kind !== 'create') return true
    if (created.has(path)) return false
    created.add(path)
    return true
  })
}
