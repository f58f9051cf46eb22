import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'
import { keyText, type KeyText, type ServiceRecord } from '../../../src/registry/model.ts'
import { formatServices, parseServices } from './document.ts'

type Records = ReadonlyMap<KeyText, ServiceRecord>
type Edit = (records: Records) => Records

/** Whether an edit may still be made; asked last just before it shows. */
export type Permit = () => Promise<boolean>

interface Waiting {
  readonly edit: Edit
  readonly permit: Permit | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A file of services that one gateway writes. Edits that come while one write is under way share
 * the next; each write is a new file, synced and moved into place, so that a reader, also after a
 * crash, finds the old content or the new one and nothing between.
 */
export class OwnFile {
  readonly #path: string
  readonly #heading: string
  #waiting: Waiting[] = []
  #writing = false

  constructor(path: string, heading: string) {
    this.#path = path
    this.#heading = heading
  }

  /**
   * Resolves when the edited content is on disk; writes nothing when `edit` changes nothing.
   * Rejects with LEASE_LOST, and nothing is written, when `permit` is not given any more.
   */
  async edit(edit: Edit, permit: Permit | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ edit, permit, resolve, reject })
      if (!this.#writing) void this.#writeAll()
    })
  }

  /** Never rejects: each failure goes to those whose edits it concerns. */
  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#write(batch)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#writing = false
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const [, ...terms] = new Set([undefined, ...batch.map(({ permit }) => permit)])
    const before = await this.#read()
    for (;;) {
      const ended = await refused(terms)
      const permitted = batch.filter(({ permit }) => !ended.has(permit))
      for (const { permit, reject } of batch) if (ended.has(permit)) reject(leaseLost())
      const after = permitted.reduce((records, { edit }) => edit(records), before.records)
      const content = formatServices(this.#heading, [...after.values()])
      if (content === before.content) return
      const holds = async (): Promise<boolean> => (await refused(terms)).size === ended.size
      if (await replaceFile(this.#path, content, holds)) return
    }
  }

  async #read(): Promise<{ content: string; records: Records }> {
    const content = await readIfThere(this.#path)
    if (content === undefined) {
      return { content: formatServices(this.#heading, []), records: new Map() }
    }
    const parsed = parseServices(basename(this.#path), content)
    if (parsed.kind === 'fault') {
      const details = { file: this.#path, fault: parsed.fault }
      const message = 'our own file was changed and cannot be read: mend or remove it'
      throw new IsthmusError('REGISTRY_UNAVAILABLE', message, { retry: true, details })
    }
    return { content, records: new Map(parsed.records.map((one) => [keyText(one.key), one])) }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function refused(permits: readonly (Permit | undefined)[]): Promise<ReadonlySet<unknown>> {
  const ended = new Set<Permit>()
  for (const permit of permits) if (permit && !(await permit())) ended.add(permit)
  return ended
}

function leaseLost(): IsthmusError {
  return new IsthmusError('LEASE_LOST', 'another process writes here by now')
}

/**
 * The name of the temporary file begins with a dot: no reader of the folder takes it for one.
 * Returns whether it took its place; it does not when `holds` is false in the last moment.
 */
async function replaceFile(
  path: string,
  content: string,
  holds: () => Promise<boolean>,
): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  const file = await open(temporary, 'w', 0o644)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  if (!(await holds())) {
    await rm(temporary, { force: true })
    return false
  }
  await rename(temporary, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  return true
}
