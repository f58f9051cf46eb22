import { IsthmusError } from '../../../src/kernel/errors.ts'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { Folder, type Scan } from './folder.ts'
import { FileLease } from './lease.ts'
import { claimPrefixOf, leasePrefixOf, purgeFiles } from './places.ts'
import { FilePresence } from './presence.ts'
import { Seat } from './seat.ts'
import { FileSink, type Identities } from './sink.ts'
import { FileSource } from './source.ts'

export interface FileRegistryOptions {
  readonly name: string
  /** Folder of YAML files, one or more services each. */
  readonly path: string
}

/**
 * A registry that is a folder. Every `*.yaml` or `*.yml` in it lists services; what this gateway
 * writes goes into `isthmus-<owner>.yaml`. Opening does no I/O.
 */
export function openFileRegistry(
  { name, path }: FileRegistryOptions,
  { log, ...identities }: Identities & { readonly log: Log },
): Registry {
  const { owner } = identities
  const seatOf = (lease: string): Seat => new Seat(path, leasePrefixOf(lease))
  const life = new Lifetime()
  const presence = life.use(new FilePresence(owner, new Seat(path, claimPrefixOf(owner))))
  return {
    name,
    kind: 'file',
    source: new FileSource(path, log.child({ registry: name })),
    sink: new FileSink(path, identities, seatOf),
    presence,
    lease: (lease) => new FileLease(lease, seatOf(lease), life),
    purge: (whose, options, signal) => purgeFiles(path, whose, options, signal),
    describe: async () => describeScan(path, await scanOnce(path)),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  }
}

async function scanOnce(path: string): Promise<Scan> {
  try {
    return await new Folder(path).scan()
  } catch (cause) {
    const options = { retry: true, details: { path }, cause }
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'the folder could not be read', options)
  }
}

function describeScan(path: string, { files }: Scan): string {
  const all = [...files.values()]
  const services = new Set(
    all.flatMap(({ records }) => (records ?? []).map(({ key }) => keyText(key))),
  )
  const bad = [...files].filter(([, { fault }]) => fault !== undefined).map(([file]) => file)
  const unread = bad.length === 0 ? '' : `, cannot read ${bad.join(', ')}`
  return `folder ${path}, ${all.length} files, ${services.size} services${unread}`
}
