import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../../src/kernel/errors.ts'
import { keyText, type ServiceRecord } from '../../../src/registry/model.ts'
import { parseServices } from './document.ts'

/** Two changes within one tick of the file system's clock look like one: young files are read anew. */
const YOUNG_MS = 2_000

/** One YAML file of the folder, as it was last believed. */
export interface SeenFile {
  /** What it listed when it last could be read; undefined when it never could. */
  readonly records: readonly ServiceRecord[] | undefined
  /** Why it cannot be read now. */
  readonly fault?: string
}

interface KnownFile extends SeenFile {
  readonly stamp: string
  readonly content: string | undefined
  /** A content (undefined: no file) that takes something away and waits to be seen again. */
  readonly doubted?: { readonly content: string | undefined }
}

export interface Scan {
  readonly files: ReadonlyMap<string, SeenFile>
  /** A loss was seen for the first time: look again soon. */
  readonly doubtful: boolean
}

/**
 * Reads a folder of YAML files again and again, opening only what may have changed.
 *
 * What takes something away has to be seen twice: editors save by truncating or by moving the old
 * file aside, and the moment in between must not look like a removal. Files that gateways write
 * appear whole, by a rename, and are believed at once.
 */
export class Folder {
  readonly path: string
  #known: ReadonlyMap<string, KnownFile> = new Map()

  constructor(path: string) {
    this.path = path
  }

  /** Rejects when the folder itself cannot be read: then nothing is known. */
  async scan(): Promise<Scan> {
    const names = (await readdir(this.path)).filter(isServiceFile)
    const next = new Map<string, KnownFile>()
    for (const name of new Set([...this.#known.keys(), ...names].sort())) {
      const file = await this.#look(name, this.#known.get(name))
      if (file) next.set(name, file)
    }
    this.#known = next
    return { files: next, doubtful: [...next.values()].some(({ doubted }) => doubted) }
  }

  async #look(name: string, known: KnownFile | undefined): Promise<KnownFile | undefined> {
    const path = join(this.path, name)
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(path)
      const young = Date.now() - Math.max(mtimeMs, ctimeMs) < YOUNG_MS
      const stamp = young ? 'young' : [mtimeMs, ctimeMs, size, ino].join()
      if (known && !young && known.stamp === stamp && !known.doubted) return known
      return believe(name, known, { stamp, content: await readFile(path, 'utf8') })
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return believeGone(name, known)
      return { ...(known ?? UNSEEN), stamp: '', fault: String(errorCode(error) ?? error) }
    }
  }
}

const UNSEEN: KnownFile = { records: undefined, stamp: '', content: undefined }

/** Editors' and our own temporary files begin with a dot. */
function isServiceFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name)
}

function believe(
  name: string,
  known: KnownFile | undefined,
  { stamp, content }: { stamp: string; content: string },
): KnownFile {
  if (known?.content === content && known.fault === undefined) {
    return { records: known.records, stamp, content }
  }
  const parsed = parseServices(name, content)
  if (parsed.kind === 'fault') {
    return { records: known?.records, stamp, content: known?.content, fault: parsed.fault }
  }
  const doubtful = !isWhole(name) && loses(known?.records ?? [], parsed.records)
  if (known && doubtful && known.doubted?.content !== content) {
    return { ...known, stamp, doubted: { content } }
  }
  return { records: parsed.records, stamp, content }
}

function believeGone(name: string, known: KnownFile | undefined): KnownFile | undefined {
  const confirmed = known?.doubted && known.doubted.content === undefined
  if (!known?.records || known.records.length === 0 || isWhole(name) || confirmed) return undefined
  return { ...known, stamp: '', doubted: { content: undefined } }
}

function isWhole(name: string): boolean {
  return name.startsWith('isthmus-')
}

function loses(before: readonly ServiceRecord[], after: readonly ServiceRecord[]): boolean {
  const kept = new Set(after.flatMap(idsOf))
  return before.flatMap(idsOf).some((id) => !kept.has(id))
}

function idsOf({ key, instances }: ServiceRecord): readonly string[] {
  return instances.map(({ id }) => `${keyText(key)} ${id}`)
}
