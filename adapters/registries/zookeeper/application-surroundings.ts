import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { withApplication, withoutApplication } from './application-names.ts'
import { missingFolders, parentOf } from '../../connections/zookeeper/folders.ts'
import type { Surroundings } from './layout.ts'

interface Published {
  readonly app: string
  readonly revision: string
  readonly data: Buffer
}

interface Roots {
  readonly services: string
  readonly dubbo: string
}

/** More old revisions than these are taken away when a new one comes. */
const REVISIONS_KEPT = 4

/**
 * The metadata and the mapping that consumers read on the way to an instance. They stand before
 * the instance does, in one transaction with it or in one before it, and go after the last one:
 * a consumer that finds an instance without them fails. The folder of the application goes with
 * them, which the server refuses as long as anything is in it.
 */
export function applicationSurroundings(
  roots: Roots,
  publish: (key: ServiceKey, instance: Omit<Instance, 'id'>) => Published,
): Surroundings {
  const mappingOf = ({ name }: ServiceKey): string => `${roots.dubbo}/mapping/${name}`
  const metadataOf = (app: string): string => `${roots.dubbo}/metadata/${app}`
  return {
    before: async (connection, key, puts) => {
      const published = new Map(
        puts.map((put) => publish(key, put)).map((one) => [`${one.app}/${one.revision}`, one]),
      )
      const apps = new Set([...published.values()].map(({ app }) => app))
      const writes = await Promise.all([
        ...[...published.values()].map((one) => toPublish(connection, metadataOf(one.app), one)),
        toMap(connection, mappingOf(key), apps),
        ...[...apps].map((app) => toForget(connection, roots, app, metadataOf(app), published)),
      ])
      return writes.flat()
    },
    after: async (connection, key, { coming, going }) => {
      const folders = new Set([...going].map(parentOf))
      const wanted = new Set([...coming].map(parentOf))
      const writes = await Promise.all(
        [...folders].map(async (folder): Promise<readonly Write[]> => {
          const children = (await connection.children(folder)) ?? []
          const stays = children.some((child) => !going.has(`${folder}/${child}`))
          if (stays || wanted.has(folder)) return []
          const app = folder.slice(roots.services.length + 1)
          return [
            ...(await toRemove(connection, folder)),
            ...(await toUnmap(connection, mappingOf(key), app)),
            ...(await toRemoveAll(connection, metadataOf(app))),
          ]
        }),
      )
      return writes.flat()
    },
  }
}

async function toPublish(
  connection: Connection,
  folder: string,
  { revision, data }: Published,
): Promise<readonly Write[]> {
  const path = `${folder}/${revision}`
  const there = await connection.data(path)
  if (there?.data.equals(data)) return []
  if (there) return [{ kind: 'set', path, data, version: there.stat.version }]
  const folders = await missingFolders(connection, folder)
  return [...folders, { kind: 'create', path, data, ephemeral: false }]
}

/** Compare and set: others add their applications to the same list. */
async function toMap(
  connection: Connection,
  path: string,
  apps: ReadonlySet<string>,
): Promise<readonly Write[]> {
  const there = await connection.data(path)
  const before = there?.data.toString('utf8') ?? ''
  const after = [...apps].reduce(withApplication, before)
  if (after === before) return []
  const data = Buffer.from(after)
  if (there) return [{ kind: 'set', path, data, version: there.stat.version }]
  const folders = await missingFolders(connection, parentOf(path))
  return [...folders, { kind: 'create', path, data, ephemeral: false }]
}

async function toUnmap(
  connection: Connection,
  path: string,
  app: string,
): Promise<readonly Write[]> {
  const there = await connection.data(path)
  if (!there) return []
  const before = there.data.toString('utf8')
  const after = withoutApplication(before, app)
  const { version } = there.stat
  if (after === before) return []
  return after.trim() === ''
    ? [{ kind: 'remove', path, version }]
    : [{ kind: 'set', path, data: Buffer.from(after), version }]
}

/** Revisions that no instance names any longer, nor did before this change. */
async function toForget(
  connection: Connection,
  roots: Roots,
  app: string,
  folder: string,
  published: ReadonlyMap<string, Published>,
): Promise<readonly Write[]> {
  const revisions = (await connection.children(folder)) ?? []
  if (revisions.length <= REVISIONS_KEPT) return []
  const instances = (await connection.children(`${roots.services}/${app}`)) ?? []
  const read = await Promise.all(
    instances.map((child) => connection.data(`${roots.services}/${app}/${child}`)),
  )
  const texts = read.map((znode) => znode?.data.toString('utf8') ?? '')
  const unused = revisions.filter(
    (revision) =>
      !published.has(`${app}/${revision}`) && !texts.some((text) => text.includes(revision)),
  )
  const writes = await Promise.all(
    unused.map((revision) => toRemove(connection, `${folder}/${revision}`)),
  )
  return writes.flat()
}

async function toRemoveAll(connection: Connection, folder: string): Promise<readonly Write[]> {
  const children = (await connection.children(folder)) ?? []
  const writes = await Promise.all([
    ...children.map((child) => toRemove(connection, `${folder}/${child}`)),
    toRemove(connection, folder),
  ])
  return writes.flat()
}

async function toRemove(connection: Connection, path: string): Promise<readonly Write[]> {
  const stat = await connection.stat(path)
  return stat ? [{ kind: 'remove', path, version: stat.version }] : []
}
