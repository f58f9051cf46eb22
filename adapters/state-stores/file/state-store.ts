import { mkdir } from 'node:fs/promises'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'
import type { StateEntry, StateStore } from '../../../src/registry/ports.ts'
import { Generations, type Generation } from '../../connections/file/generations.ts'

/** A folder that this gateway, or replicas on a shared disk, keep their state in. */
export class FileStateStore implements StateStore {
  readonly #folder: string

  /** Does no I/O. */
  constructor(folder: string) {
    this.#folder = folder
  }

  async load(name: string, signal: AbortSignal): Promise<StateEntry | undefined> {
    const found = await this.#guarded('state could not be read', name, signal, () =>
      this.#of(name).latest(signal),
    )
    return found && { value: found.content, version: versionOf(found) }
  }

  async save(
    name: string,
    value: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const generations = this.#of(name)
    const done = await this.#guarded('state could not be written', name, signal, async () => {
      const before = await generations.latest(signal)
      if ((before && versionOf(before)) !== version) return { kind: 'overtaken' } as const
      await mkdir(this.#folder, { recursive: true })
      return await generations.append(value, before, signal)
    })
    switch (done.kind) {
      case 'appended':
        return versionOf(done.generation)
      case 'overtaken':
        throw new IsthmusError('STATE_CONFLICT', 'somebody else saved it meanwhile', {
          details: { folder: this.#folder, name },
        })
      case 'unknown':
        throw this.#unavailable('nobody can tell whether state was written', name, undefined)
      default:
        return done satisfies never
    }
  }

  /** Any name is its own files in the folder: no separators, no leading dot. */
  #of(name: string): Generations {
    const prefix = `${encodeURIComponent(name).replaceAll('.', '%2E')}.`
    return new Generations(this.#folder, { prefix, suffix: '.state' })
  }

  async #guarded<T>(
    message: string,
    name: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      signal.throwIfAborted()
      throw this.#unavailable(message, name, cause)
    }
  }

  #unavailable(message: string, name: string, cause: unknown): IsthmusError {
    const details = { folder: this.#folder, name, reason: errorCode(cause) }
    return new IsthmusError('STATE_UNAVAILABLE', message, { retry: true, details, cause })
  }
}

function versionOf({ number, id }: Generation): string {
  return `${String(number)} ${id}`
}
