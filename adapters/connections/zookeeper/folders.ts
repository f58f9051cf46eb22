import type { Connection } from './connection.ts'
import type { Write } from './writes.ts'

/** What a folder holds that a gateway created, so that a purge can tell it from others' folders. */
export const FOLDER_MARK = Buffer.from('isthmus')

/** The folders that have to be created first, outermost first. */
export async function missingFolders(
  connection: Connection,
  folder: string,
): Promise<readonly Write[]> {
  let there = folder
  while (there !== '' && !(await connection.stat(there))) there = parentOf(there)
  return foldersBelow(there, folder)
}

/** Creates every folder on the way from `there` to `folder`, outermost first. */
export function foldersBelow(there: string, folder: string): readonly Write[] {
  const writes: Write[] = []
  for (let path = folder; path !== there; path = parentOf(path)) {
    writes.unshift({ kind: 'create', path, data: FOLDER_MARK, ephemeral: false })
  }
  return writes
}

/** Creates `folder` and what is above it where they are not there. */
export async function makeFolders(connection: Connection, folder: string): Promise<void> {
  for (;;) {
    const missing = await missingFolders(connection, folder)
    if (missing.length === 0 || (await connection.commit(missing))) return
  }
}

/** Empty for a child of the root. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
