import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { Folder, type Scan } from './folder.ts'
import { FileSink } from './sink.ts'
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
  { owner, log }: { readonly owner: string; readonly log: Log },
): Registry {
  return {
    name,
    kind: 'file',
    source: new FileSource(path, log.child({ registry: name })),
    sink: new FileSink(path, owner),
    describe: async () => describeScan(path, await scanOnce(path)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
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
