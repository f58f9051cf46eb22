import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'

/** The file that gateway `owner` writes its services into. */
export function serviceFileOf(owner: string): string {
  return `isthmus-${owner}.yaml`
}

/** What the files of `owner` that are no services begin with; identities have no dot. */
export function claimPrefixOf(owner: string): string {
  return `.isthmus-${owner}.claim.`
}

export function leasePrefixOf(name: string): string {
  return `.isthmus-${encodeURIComponent(name).replaceAll('.', '%2E')}.lease.`
}

/** Removes every file that gateway `owner` has made in the folder, also what a crash left half. */
export async function purgeFiles(
  folder: string,
  owner: string,
  { dryRun }: { readonly dryRun: boolean },
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const places = (await readdir(folder))
      .filter((name) => isOf(owner, name))
      .sort()
      .map((name) => join(folder, name))
    signal.throwIfAborted()
    if (!dryRun) await Promise.all(places.map((place) => rm(place, { force: true })))
    return places
  } catch (cause) {
    signal.throwIfAborted()
    const details = { folder, reason: errorCode(cause) }
    const options = { retry: true, details, cause }
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'the folder could not be purged', options)
  }
}

function isOf(owner: string, name: string): boolean {
  const file = serviceFileOf(owner)
  const prefixes = [`.${file}.`, claimPrefixOf(owner), leasePrefixOf(owner)]
  return name === file || prefixes.some((prefix) => name.startsWith(prefix))
}
