import { join } from 'node:path'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'
import {
  keyText,
  sameInstance,
  type Instance,
  type KeyText,
  type ServiceKey,
  type ServiceRecord,
} from '../../../src/registry/model.ts'
import type { Change, RegistrySink } from '../../../src/registry/ports.ts'
import { OwnFile } from './own-file.ts'

/** Writes into the one file that belongs to its owner: `isthmus-<owner>.yaml`. */
export class FileSink implements RegistrySink {
  readonly #owner: string
  readonly #file: OwnFile

  constructor(path: string, owner: string) {
    this.#owner = owner
    const heading = `Written by the Isthmus gateway ${owner}: what is changed by hand is lost.`
    this.#file = new OwnFile(join(path, fileOf(owner)), heading)
  }

  async apply(change: Change, signal: AbortSignal): Promise<void> {
    const stranger = [...change.puts, ...change.removals].find(({ id }) => !this.#isOurs(id))
    if (stranger) {
      throw new IsthmusError('REGISTRY_CONFLICT', 'the record is in a file of somebody else', {
        details: { key: keyText(change.key), id: stranger.id, file: fileOf(this.#owner) },
      })
    }
    try {
      await this.#file.edit((records) => edited(records, change), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof IsthmusError) throw error
      throw unwritable(error)
    }
  }

  idFor(_key: ServiceKey, { host, port }: Omit<Instance, 'id'>): string {
    return `${fileOf(this.#owner)}#${host}:${port}`
  }

  normalize(_key: ServiceKey, instance: Instance): Instance {
    return instance
  }

  accepts(): true {
    return true
  }

  recognizes(owner: string, _key: ServiceKey, { id }: Instance): boolean {
    return id.startsWith(`${fileOf(owner)}#`)
  }

  #isOurs(id: string): boolean {
    return id.startsWith(`${fileOf(this.#owner)}#`)
  }
}

function fileOf(owner: string): string {
  return `isthmus-${owner}.yaml`
}

function edited(
  records: ReadonlyMap<KeyText, ServiceRecord>,
  { key, puts, removals }: Change,
): ReadonlyMap<KeyText, ServiceRecord> {
  const instances = new Map<string, Instance>()
  for (const one of records.get(keyText(key))?.instances ?? []) instances.set(one.id, one)
  for (const one of puts) instances.set(one.id, one)
  for (const seen of removals) {
    const now = instances.get(seen.id)
    if (now && sameInstance(now, seen)) instances.delete(seen.id)
  }
  const next = new Map(records)
  if (instances.size === 0) next.delete(keyText(key))
  else next.set(keyText(key), { key, instances: [...instances.values()] })
  return next
}

function unwritable(cause: unknown): IsthmusError {
  const code = errorCode(cause)
  const details = { code }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new IsthmusError('REGISTRY_REFUSED', 'the folder may not be written', { details, cause })
  }
  const options = { retry: true, details, cause }
  return new IsthmusError('REGISTRY_UNAVAILABLE', 'the folder could not be written', options)
}
