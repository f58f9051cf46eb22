import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Lull } from '../../../src/kernel/lull.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import { sameInstance, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import type { Change, RegistrySink } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { foldersBelow, missingFolders } from '../../connections/zookeeper/folders.ts'
import { childOf, idOf, type LayoutName, type WriteLayout } from './layout.ts'
import { refuseToMix } from './mixing.ts'
import { OwnZnodes } from './own-znodes.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import { batches } from './write-batches.ts'
import type { WriteGuard } from './write-guard.ts'

export interface SinkParts {
  readonly supervisor: Supervisor
  readonly owner: string
  /** The identity that all replicas of this gateway write under, one at a time. */
  readonly cluster?: string | undefined
  readonly log: Log
  /** Every layout that can be written or whose records can be taken away. */
  readonly layouts: readonly WriteLayout[]
  layoutFor(key: ServiceKey): WriteLayout
  /**
   * Below which znode the first instance of a service has to be created; undefined when nobody
   * knows, or there is one. May be out of date.
   */
  roomFor(layout: LayoutName, name: string): string | undefined
  /** How long a write waits for a connection. */
  readonly connectMs: number
  readonly guard: WriteGuard
  /** Told of each write, by name of the service. */
  readonly writes: Lull
}

const MOST_TRIES = 5

type Znode = ReturnType<WriteLayout['encode']>

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

  constructor(parts: SinkParts) {
    this.#parts = parts
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
    const [before, created, removed] = await Promise.all([
      puts.length > 0 ? surroundings?.before(connection, key, puts) : undefined,
      Promise.all(puts.map((instance) => this.#writesToPut(connection, key, instance, look))),
      Promise.all(gone.map((one) => this.#writesToRemove(connection, key, one, look))),
    ])
    const added = withoutRepeats([...(before ?? []), ...created.flat()])
    const after = await this.#writesAfter(connection, key, added, removed)
    const writes = [...added, ...removed.flatMap((one) => one.writes), ...after]
    this.#own.forget(writes)
    for (const batch of batches(writes))
      if (!(await connection.commit([...checks, ...batch]))) return false
    for (const [n, instance] of puts.entries())
      if (this.#isOfSession(instance)) this.#own.left(connection, instance, created[n] ?? [])
    return true
  }

  /** What nobody needs any longer once `removed` are gone. */
  async #writesAfter(
    connection: Connection,
    key: ServiceKey,
    added: readonly Write[],
    removed: readonly Removed[],
  ): Promise<readonly Write[]> {
    const coming = new Set(added.map(({ path }) => path))
    const writes = this.#parts.layouts.flatMap(({ name, surroundings }) => {
      const own = removed.filter(({ layout }) => layout === name).flatMap((one) => one.writes)
      const going = new Set(own.map(({ path }) => path))
      return surroundings && going.size > 0
        ? [surroundings.after(connection, key, { coming, going })]
        : []
    })
    return (await Promise.all(writes)).flat()
  }

  async #writesToPut(
    connection: Connection,
    key: ServiceKey,
    instance: Instance,
    look: boolean,
  ): Promise<readonly Write[]> {
    const layout = this.#parts.layoutFor(key)
    const { child, data } = this.#znodes.get(instance) ?? layout.encode(key, instance)
    const path = layout.path(key.name, child)
    const folder = path.slice(0, path.lastIndexOf('/'))
    const { owner } = this.#parts
    const ephemeral = this.#isOfSession(instance)
    const create: Write = { kind: 'create', path, data, ephemeral }
    const room = look ? undefined : this.#parts.roomFor(layout.name, key.name)
    if (room !== undefined) return [...foldersBelow(room, folder), create]
    const there = await connection.data(path)
    if (!there) {
      const folders = await missingFolders(connection, folder)
      if (folders.length > 0) return [...folders, create]
      await refuseToMix(connection, layout, folder)
      return [create]
    }
    const { session, version } = there.stat
    const isKept = ephemeral ? session === connection.sessionId : session === undefined
    const keeper = instance.origin?.owner ?? owner
    const isOurs = layout.recognizes(keeper, key, child, instance)
    if (isKept && (ephemeral || isOurs))
      return there.data.equals(data) ? [] : [{ kind: 'set', path, data, version }]
    // Never another's: a znode under our session would outlive the service that it stands for.
    if (!isOurs || !this.#isOwn(keeper))
      throw new IsthmusError('REGISTRY_CONFLICT', 'a znode of somebody else stands there', {
        details: { path },
      })
    return [{ kind: 'remove', path, version }, create]
  }

  /** What stands for this gateway goes with its session; what stands for the cluster does not. */
  #isOfSession({ origin }: Instance): boolean {
    const { cluster } = this.#parts
    return cluster === undefined || origin?.owner !== cluster
  }

  #isOwn(owner: string): boolean {
    return owner === this.#parts.owner || owner === this.#parts.cluster
  }

  async #writesToRemove(
    connection: Connection,
    key: ServiceKey,
    seen: Instance,
    look: boolean,
  ): Promise<Removed> {
    const { layouts, owner, cluster, log } = this.#parts
    const layout = layouts.find(({ name }) => childOf(name, seen.id) !== undefined)
    const child = layout && childOf(layout.name, seen.id)
    if (!layout || child === undefined) return NOTHING
    const path = layout.path(key.name, child)
    const known = look ? undefined : this.#own.versionOf(connection, path, seen)
    if (known !== undefined)
      return { layout: layout.name, writes: [{ kind: 'remove', path, version: known }] }
    const there = await connection.data(path)
    if (!there) return NOTHING
    const written = layout.decodeOwn(key, { child, data: there.data }, seen)
    if (written) {
      const instance = { ...written, id: seen.id }
      const marked = instance.origin !== undefined && this.#isOwn(instance.origin.owner)
      const owners = [owner, ...(cluster === undefined ? [] : [cluster])]
      const ours = marked || owners.some((one) => layout.recognizes(one, key, child, instance))
      const remove: Write = { kind: 'remove', path, version: there.stat.version }
      if (ours && sameInstance(instance, seen)) return { layout: layout.name, writes: [remove] }
    }
    log.debug({ path }, 'znode not removed: it is not what was seen, or not ours')
    return NOTHING
  }
}

interface Removed {
  readonly layout: LayoutName | undefined
  readonly writes: readonly Write[]
}

const NOTHING: Removed = { layout: undefined, writes: [] }

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
