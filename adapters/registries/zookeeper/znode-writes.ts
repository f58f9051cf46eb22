import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { sameInstance, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { foldersBelow, missingFolders } from '../../connections/zookeeper/folders.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { childOf, type LayoutName, type WriteLayout } from './layout.ts'
import { refuseToMix } from './mixing.ts'
import type { OwnZnodes } from './own-znodes.ts'

export interface ZnodeWritesParts {
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
}

/** Of which service something is to be written, and over which connection. */
interface About {
  readonly connection: Connection
  readonly key: ServiceKey
  /** Whether to look at what is there instead of believing what was heard or remembered. */
  readonly look: boolean
}

export type Znode = ReturnType<WriteLayout['encode']>

/** What takes an instance away, and from which layout; nothing where it stands there no more. */
interface Removed {
  readonly layout: LayoutName | undefined
  readonly writes: readonly Write[]
}

const NOTHING: Removed = { layout: undefined, writes: [] }

/**
 * What has to be written so that an instance stands, or is gone. All of it is conditional on what it
 * relies on, so that it fails where that is not so any more.
 */
export class ZnodeWrites {
  readonly #parts: ZnodeWritesParts
  readonly #own: OwnZnodes

  constructor(parts: ZnodeWritesParts, own: OwnZnodes) {
    this.#parts = parts
    this.#own = own
  }

  /** So that `instance` stands; `znode` is what it is written as, where that is known. */
  async toPut(
    { connection, key, look }: About,
    instance: Instance,
    znode: Znode | undefined,
  ): Promise<readonly Write[]> {
    const layout = this.#parts.layoutFor(key)
    const { child, data } = znode ?? layout.encode(key, instance)
    const path = layout.path(key.name, child)
    const folder = path.slice(0, path.lastIndexOf('/'))
    const { owner } = this.#parts
    const ephemeral = this.isOfSession(instance)
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

  /** So that what was `seen` is gone, if it is ours and still so. */
  async toRemove({ connection, key, look }: About, seen: Instance): Promise<Removed> {
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

  /** What nobody needs any longer once `removed` are gone. */
  async after(
    { connection, key }: About,
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

  /** What stands for this gateway goes with its session; what stands for the cluster does not. */
  isOfSession({ origin }: Instance): boolean {
    const { cluster } = this.#parts
    return cluster === undefined || origin?.owner !== cluster
  }

  #isOwn(owner: string): boolean {
    return owner === this.#parts.owner || owner === this.#parts.cluster
  }
}
