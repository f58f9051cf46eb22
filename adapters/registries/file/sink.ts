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
import type { Change, Fence, RegistrySink } from '../../../src/registry/ports.ts'
import { parseFence } from './lease.ts'
import { OwnFile } from './own-file.ts'
import { serviceFileOf } from './places.ts'
import type { Seat } from './seat.ts'

/** Under which identities a gateway writes: its own, and the one that its replicas share. */
export interface Identities {
  readonly owner: string
  readonly cluster?: string
}

/** Writes into the files that belong to its owners, one each: `isthmus-<owner>.yaml`. */
export class FileSink implements RegistrySink {
  readonly #owner: string
  /** By owner. */
  readonly #files: ReadonlyMap<string, OwnFile>
  readonly #seatOf: (lease: string) => Seat

  constructor(
    path: string,
    { owner, cluster = owner }: Identities,
    seatOf: (lease: string) => Seat,
  ) {
    this.#owner = owner
    this.#seatOf = seatOf
    this.#files = new Map([owner, cluster].map((one) => [one, openFile(path, one)]))
  }

  async apply(change: Change, signal: AbortSignal): Promise<void> {
    const { key, puts, removals, fence } = change
    const files = new Set([...puts, ...removals].map((one) => this.#fileFor(key, one)))
    const permit = fence && (() => this.#holds(fence, signal))
    const of = (file: OwnFile, all: readonly Instance[]): readonly Instance[] =>
      all.filter((one) => this.#fileFor(key, one) === file)
    const edit = async (put: readonly Instance[], removed: readonly Instance[]): Promise<void> => {
      for (const file of files) {
        const part = { key, puts: of(file, put), removals: of(file, removed) }
        await file.edit((records) => edited(records, part), permit, signal)
      }
    }
    try {
      if (files.size === 1) {
        await edit(puts, removals)
      } else {
        await edit(puts, [])
        await edit([], removals)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof IsthmusError) throw error
      throw unwritable(error)
    }
  }

  normalize(_key: ServiceKey, instance: Omit<Instance, 'id'>): Instance {
    const { host, port, origin } = instance
    return { ...instance, id: `${serviceFileOf(origin?.owner ?? this.#owner)}#${host}:${port}` }
  }

  accepts(): true {
    return true
  }

  recognizes(owner: string, _key: ServiceKey, { id }: Instance): boolean {
    return id.startsWith(`${serviceFileOf(owner)}#`)
  }

  #fileFor(key: ServiceKey, { id }: Instance): OwnFile {
    for (const [owner, file] of this.#files) {
      if (id.startsWith(`${serviceFileOf(owner)}#`)) return file
    }
    throw new IsthmusError('REGISTRY_CONFLICT', 'the record is in a file of somebody else', {
      details: { key: keyText(key), id, owners: [...this.#files.keys()] },
    })
  }

  async #holds(fence: Fence, signal: AbortSignal): Promise<boolean> {
    const { name, id } = parseFence(fence)
    return await this.#seatOf(name).holds({ id }, signal)
  }
}

function openFile(path: string, owner: string): OwnFile {
  const heading = `Written by the Isthmus gateway ${owner}: what is changed by hand is lost.`
  return new OwnFile(join(path, serviceFileOf(owner)), heading)
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
