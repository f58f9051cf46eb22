import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { sameInstance, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import type { Change, RegistrySink } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { childOf, idOf, type Layout } from './layout.ts'
import { refuseToMix } from './mixing.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import { batches } from './write-batches.ts'

export interface SinkParts {
  readonly supervisor: Supervisor
  readonly owner: string
  readonly log: Log
  /** Every layout that can be written or whose records can be taken away. */
  readonly layouts: readonly Layout[]
  layoutFor(key: ServiceKey): Layout
  /** How long a write waits for a connection. */
  readonly connectMs: number
}

const MOST_TRIES = 5

/**
 * Writes instances as ephemeral znodes of our session. One change is one transaction where it
 * fits in one: readers see all of it at once, and it is one write to the ensemble.
 */
export class ZookeeperSink implements RegistrySink {
  readonly #parts: SinkParts

  constructor(parts: SinkParts) {
    this.#parts = parts
  }

  async apply(change: Change, signal: AbortSignal): Promise<void> {
    const connection = await this.#connected(signal)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      signal.throwIfAborted()
      if (await this.#tryToApply(connection, change)) return
    }
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'others keep changing the same znodes', {
      retry: true,
      details: { service: change.key.name },
    })
  }

  idFor(key: ServiceKey, instance: Omit<Instance, 'id'>): string {
    const layout = this.#parts.layoutFor(key)
    return idOf(layout.name, layout.encode(key, instance).child)
  }

  normalize(key: ServiceKey, instance: Instance): Instance {
    const layout = this.#parts.layoutFor(key)
    const { child, data } = layout.encode(key, instance)
    const reading = layout.decode(key.name, child, data)
    if (reading.kind !== 'instance')
      throw new IsthmusError('REGISTRY_REFUSED', 'the instance cannot be written as a znode', {
        details: { service: key.name, host: instance.host, port: instance.port },
      })
    return { ...reading.instance, id: idOf(layout.name, child) }
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
    const timeout = AbortSignal.timeout(connectMs)
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

  async #tryToApply(connection: Connection, { key, puts, removals }: Change): Promise<boolean> {
    const kept = new Set(puts.map(({ id }) => id))
    const [created, removed] = await Promise.all([
      Promise.all(puts.map((instance) => this.#writesToPut(connection, key, instance))),
      Promise.all(
        removals
          .filter(({ id }) => !kept.has(id))
          .map((instance) => this.#writesToRemove(connection, key, instance)),
      ),
    ])
    for (const batch of batches([...withoutRepeats(created.flat()), ...removed.flat()]))
      if (!(await connection.commit(batch))) return false
    return true
  }

  async #writesToPut(
    connection: Connection,
    key: ServiceKey,
    instance: Instance,
  ): Promise<readonly Write[]> {
    const layout = this.#parts.layoutFor(key)
    const { child, data } = layout.encode(key, instance)
    const folder = layout.folder(key.name)
    const path = `${folder}/${child}`
    const create: Write = { kind: 'create', path, data, ephemeral: true }
    const folders = await missingFolders(connection, folder)
    if (folders.length > 0) return [...folders, create]
    const there = await connection.data(path)
    if (!there) {
      await refuseToMix(connection, layout, folder)
      return [create]
    }
    const { session, version } = there.stat
    if (session === connection.sessionId)
      return there.data.equals(data) ? [] : [{ kind: 'set', path, data, version }]
    // Never another's: a znode under our session would outlive the service that it stands for.
    if (!layout.recognizes(this.#parts.owner, key, child, instance))
      throw new IsthmusError('REGISTRY_CONFLICT', 'a znode of somebody else stands there', {
        details: { path },
      })
    return [{ kind: 'remove', path, version }, create]
  }

  async #writesToRemove(
    connection: Connection,
    key: ServiceKey,
    seen: Instance,
  ): Promise<readonly Write[]> {
    const { layouts, owner, log } = this.#parts
    const layout = layouts.find(({ name }) => childOf(name, seen.id) !== undefined)
    const child = layout && childOf(layout.name, seen.id)
    if (!layout || child === undefined) return []
    const path = `${layout.folder(key.name)}/${child}`
    const there = await connection.data(path)
    if (!there) return []
    const reading = layout.decode(key.name, child, there.data)
    if (reading.kind === 'instance') {
      const instance = { ...reading.instance, id: seen.id }
      const ours =
        instance.origin?.owner === owner || layout.recognizes(owner, key, child, instance)
      if (ours && sameInstance(instance, seen))
        return [{ kind: 'remove', path, version: there.stat.version }]
    }
    log.debug({ path }, 'znode not removed: it is not what was seen, or not ours')
    return []
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

/** The folders that have to be created first, outermost first. */
async function missingFolders(connection: Connection, folder: string): Promise<readonly Write[]> {
  const missing: Write[] = []
  for (let path = folder; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    if (await connection.stat(path)) break
    missing.unshift({ kind: 'create', path, data: Buffer.alloc(0), ephemeral: false })
  }
  return missing
}
