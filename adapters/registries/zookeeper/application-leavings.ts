import type { Connection } from '../../connections/zookeeper/connection.ts'
import { parentOf } from '../../connections/zookeeper/folders.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { isApplicationOf, mappedTo, withoutApplication } from './application-names.ts'
import type { ApplicationRoots } from './application-layout.ts'
import type { FindLeavings } from './leavings.ts'
import type { Slots } from './slots.ts'

/**
 * The applications of a gateway, known by their names: the instances, the mapping and the metadata
 * in that order, so that no consumer finds an instance without the rest. What a gateway leaves
 * that was killed is all but the instances, which went with its session.
 */
export function applicationLeavings(roots: ApplicationRoots): FindLeavings {
  return async (connection, owner, slots) => {
    const below = async (folder: string): Promise<readonly string[]> => {
      const children = (await slots.run(() => connection.children(folder))) ?? []
      return children.map((child) => `${folder}/${child}`)
    }
    const applications = async (folder: string): Promise<readonly string[]> =>
      (await below(folder)).filter((path) => isApplicationOf(owner, lastOf(path)))
    const inAndWith = async (folders: readonly string[]): Promise<readonly Write[]> => {
      const paths = await Promise.all(
        folders.map(async (folder) => [...(await below(folder)), folder]),
      )
      return await removals(connection, slots, paths.flat())
    }
    const mapping = `${roots.dubbo}/mapping`
    const metadata = `${roots.dubbo}/metadata`
    const writes = [
      await inAndWith(await applications(roots.services)),
      await unmappings(connection, slots, await below(mapping), owner),
      await inAndWith(await applications(metadata)),
    ]
    return { writes: writes.flat(), folders: [roots.services, mapping, metadata] }
  }
}

function lastOf(path: string): string {
  return path.slice(parentOf(path).length + 1)
}

async function removals(
  connection: Connection,
  slots: Slots,
  paths: readonly string[],
): Promise<readonly Write[]> {
  const writes = await Promise.all(
    paths.map(async (path): Promise<readonly Write[]> => {
      const stat = await slots.run(() => connection.stat(path))
      return stat ? [{ kind: 'remove', path, version: stat.version }] : []
    }),
  )
  return writes.flat()
}

async function unmappings(
  connection: Connection,
  slots: Slots,
  paths: readonly string[],
  owner: string,
): Promise<readonly Write[]> {
  const writes = await Promise.all(
    paths.map(async (path): Promise<readonly Write[]> => {
      const there = await slots.run(() => connection.data(path))
      const before = there?.data.toString('utf8') ?? ''
      const ours = mappedTo(before).filter((app) => isApplicationOf(owner, app))
      if (!there || ours.length === 0) return []
      const after = ours.reduce(withoutApplication, before)
      const { version } = there.stat
      return after.trim() === ''
        ? [{ kind: 'remove', path, version }]
        : [{ kind: 'set', path, data: Buffer.from(after), version }]
    }),
  )
  return writes.flat()
}
