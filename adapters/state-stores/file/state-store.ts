import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'
import type { StateStore } from '../../../src/registry/ports.ts'

/**
 * A folder with one file a name. A value is written beside the old one, synced, and then takes
 * its place in one step, so that a crash at any moment leaves the one or the other whole. Opening
 * does no I/O; the folder is made by the first save.
 */
export class FileStateStore implements StateStore {
  readonly #folder: string
  /** The save under way of each name: the one asked for last is the one that stays. */
  readonly #saves = new Map<string, Promise<void>>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(name: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await readFile(this.#path(name), { encoding: 'utf8', signal })
    } catch (cause) {
      signal.throwIfAborted()
      if (errorCode(cause) === 'ENOENT') return undefined
      throw this.#unavailable('state could not be read', name, cause)
    }
  }

  async save(name: string, value: string, signal: AbortSignal): Promise<void> {
    const before = this.#saves.get(name) ?? Promise.resolve()
    const save = before.catch(() => undefined).then(() => this.#save(name, value, signal))
    this.#saves.set(name, save)
    try {
      await save
    } finally {
      if (this.#saves.get(name) === save) this.#saves.delete(name)
    }
  }

  async #save(name: string, value: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // Never taken for a value: a name's file has no leading dot.
    const temporary = join(this.#folder, `.${randomUUID()}.tmp`)
    try {
      await mkdir(this.#folder, { recursive: true })
      await writeSynced(temporary, value)
      signal.throwIfAborted()
      await rename(temporary, this.#path(name))
      await syncFolder(this.#folder)
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined)
      signal.throwIfAborted()
      throw this.#unavailable('state could not be written', name, cause)
    }
  }

  /** Any name is one file in the folder: no separators, no leading dot. */
  #path(name: string): string {
    return join(this.#folder, `${encodeURIComponent(name).replaceAll('.', '%2E')}.state`)
  }

  #unavailable(message: string, name: string, cause: unknown): IsthmusError {
    const details = { folder: this.#folder, name, reason: errorCode(cause) }
    return new IsthmusError('STATE_UNAVAILABLE', message, { retry: true, details, cause })
  }
}

async function writeSynced(path: string, value: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(value, 'utf8')
  await file.sync()
}

/** Without it a crash may forget the rename. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
