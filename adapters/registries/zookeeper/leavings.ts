import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { idOf, type Layout } from './layout.ts'
import type { OwnPlaces } from './own-places.ts'
import type { Slots } from './slots.ts'

/** What there is of one gateway. */
export interface Leavings {
  /** Take it away, in this order. */
  readonly writes: readonly Write[]
  /** Folders that a gateway may have created, in any order; those above them are looked at too. */
  readonly folders: readonly string[]
}

/** Looks for all that gateway `owner` has written in one way. */
export type FindLeavings = (
  connection: Connection,
  owner: string,
  slots: Slots,
) => Promise<Leavings>

/** The instances below each name of a layout: by their mark, or by the znode's name alone. */
export function instanceLeavings(layout: Layout): FindLeavings {
  return async (connection, owner, slots) => {
    const children = (await connection.children(layout.root)) ?? []
    const names = children.map((child) => layout.nameOf(child)).filter((name) => name !== undefined)
    const found = await Promise.all(
      names.map((name) => instancesOf(layout, name, connection, owner, slots)),
    )
    return {
      writes: found.flat(),
      folders: [layout.root, ...names.map((name) => layout.folder(name))],
    }
  }
}

async function instancesOf(
  layout: Layout,
  name: string,
  connection: Connection,
  owner: string,
  slots: Slots,
): Promise<readonly Write[]> {
  const folder = layout.folder(name)
  const children = (await slots.run(() => connection.children(folder))) ?? []
  const writes = await Promise.all(
    children.map(async (child): Promise<readonly Write[]> => {
      if (layout.named && !isOurs(layout, name, child, undefined, owner)) return []
      const path = `${folder}/${child}`
      const there = await slots.run(() => connection.data(path))
      if (!there || !isOurs(layout, name, child, there.data, owner)) return []
      return [{ kind: 'remove', path, version: there.stat.version }]
    }),
  )
  return writes.flat()
}

function isOurs(
  layout: Layout,
  name: string,
  child: string,
  data: Buffer | undefined,
  owner: string,
): boolean {
  const reading = layout.decode(name, child, layout.named ? undefined : data)
  if (reading.kind !== 'instance') return false
  if (reading.instance.origin) return reading.instance.origin.owner === owner
  const instance = { ...reading.instance, id: idOf(layout.name, child) }
  return layout.recognizes(owner, reading.key, child, instance)
}

/** The claim of an identity, and its places in the lines of leases. */
export function ownLeavings(places: OwnPlaces): FindLeavings {
  return async (connection, owner, slots) => {
    const claims = await childrenOf(connection, places.owner(owner))
    const lines = await childrenOf(connection, places.leases)
    const waiting = await Promise.all(lines.map((line) => childrenOf(connection, line)))
    const writes = await Promise.all([
      ...claims.map((path) => removalOf(connection, path, slots)),
      ...waiting.flat().map((path) => removalOf(connection, path, slots, owner)),
    ])
    return { writes: writes.flat(), folders: [places.owner(owner), places.leases, ...lines] }
  }
}

async function childrenOf(connection: Connection, folder: string): Promise<readonly string[]> {
  const children = (await connection.children(folder)) ?? []
  return children.map((child) => `${folder}/${child}`)
}

async function removalOf(
  connection: Connection,
  path: string,
  slots: Slots,
  says?: string,
): Promise<readonly Write[]> {
  const there = await slots.run(() => connection.data(path))
  if (!there || (says !== undefined && there.data.toString() !== says)) return []
  return [{ kind: 'remove', path, version: there.stat.version }]
}
