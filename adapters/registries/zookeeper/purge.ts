import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { FOLDER_MARK, parentOf } from '../../connections/zookeeper/folders.ts'
import type { FindLeavings, Leavings } from './leavings.ts'
import { Slots } from './slots.ts'
import { batches } from './write-batches.ts'

const READS_AT_A_TIME = 256
const MOST_TRIES = 5

/**
 * Takes away all that gateway `owner` has written, then the folders that gateways have created and
 * that nothing is in. Returns the paths, those of a dry run being what would be.
 */
export async function purge(
  connection: Connection,
  owner: string,
  find: readonly FindLeavings[],
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  await connection.sync('/')
  const slots = new Slots(READS_AT_A_TIME)
  const places = new Set<string>()
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    signal.throwIfAborted()
    const found = await Promise.all(find.map((one) => one(connection, owner, slots)))
    const all = joined(found)
    for (const { path } of all.writes) places.add(path)
    if (!dryRun && !(await commitAll(connection, all, signal))) continue
    const gone = new Set(all.writes.filter(({ kind }) => kind === 'remove').map(({ path }) => path))
    for (const path of await purgeFolders(connection, all.folders, gone, dryRun)) places.add(path)
    return [...places].sort()
  }
  throw new IsthmusError('REGISTRY_UNAVAILABLE', 'others keep changing the same znodes', {
    retry: true,
    details: { owner },
  })
}

function joined(found: readonly Leavings[]): Leavings {
  return {
    writes: found.flatMap(({ writes }) => writes),
    folders: found.flatMap(({ folders }) => folders),
  }
}

async function commitAll(
  connection: Connection,
  { writes }: Leavings,
  signal: AbortSignal,
): Promise<boolean> {
  for (const batch of batches(writes)) {
    signal.throwIfAborted()
    if (!(await connection.commit(batch))) return false
  }
  return true
}

/** Innermost first, so that a folder is looked at when those in it have gone. */
async function purgeFolders(
  connection: Connection,
  folders: readonly string[],
  gone: Set<string>,
  dryRun: boolean,
): Promise<readonly string[]> {
  const all = new Set(folders.flatMap(withThoseAbove))
  const depth = (path: string): number => path.split('/').length
  const removed: string[] = []
  for (const path of [...all].sort((a, b) => depth(b) - depth(a))) {
    const folder = gone.has(path) ? undefined : await connection.data(path)
    if (!folder?.data.equals(FOLDER_MARK)) continue
    const children = (await connection.children(path)) ?? []
    if (children.some((child) => !gone.has(`${path}/${child}`))) continue
    const { version } = folder.stat
    if (!dryRun && !(await connection.commit([{ kind: 'remove', path, version }]))) continue
    gone.add(path)
    removed.push(path)
  }
  return removed
}

function withThoseAbove(folder: string): readonly string[] {
  const above: string[] = []
  for (let path = folder; path !== ''; path = parentOf(path)) above.push(path)
  return above
}
