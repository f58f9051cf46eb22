import { createHash, randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../../src/kernel/errors.ts'

/** One content in a row of them; the one with the highest number counts. */
export interface Generation {
  readonly number: number
  /** Unlike that of any other, also of one with the same number after all were removed. */
  readonly id: string
  readonly content: string
}

/** What became of an attempt to put a content in the place of another. */
export type Appended =
  | { readonly kind: 'appended'; readonly generation: Generation }
  /** Another one counts by now; nothing was changed. */
  | { readonly kind: 'overtaken' }
  /** So much has happened since that nobody can tell. */
  | { readonly kind: 'unknown' }

interface Stored extends Generation {
  /** `id` of the generation whose place it took. */
  readonly before: string
}

const NOTHING_BEFORE = '-'
/** Before the content: its id and that of the generation before it. */
const HEAD = /^([0-9a-f-]{36}) ([0-9a-f-]+)\n/

/**
 * A small text in a folder that several processes replace, each only what it has read: compare and
 * swap. Each content is a file of its own, `<prefix><number><suffix>`, which comes into its place
 * by a hard link: whole, and refused where another is. So there is no lock that the dead could
 * hold, and a crash at any moment leaves the old content or the new one. The file with the highest
 * number is never removed. Rejects with errors of the file system.
 */
export class Generations {
  readonly #folder: string
  readonly #prefix: string
  readonly #suffix: string

  /** Does no I/O. */
  constructor(folder: string, { prefix, suffix }: { prefix: string; suffix: string }) {
    this.#folder = folder
    this.#prefix = prefix
    this.#suffix = suffix
  }

  async latest(signal: AbortSignal): Promise<Generation | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const number = (await this.#numbers()).at(-1)
      if (number === undefined) return undefined
      const found = await this.#read(number)
      if (found) return found // else a next one has just taken its place
    }
  }

  /** Durable when it resolves to `appended`. An abort after that moment is too late. */
  async append(
    content: string,
    before: Generation | undefined,
    signal: AbortSignal,
  ): Promise<Appended> {
    signal.throwIfAborted()
    const next = { number: (before?.number ?? 0) + 1, id: randomUUID(), content }
    const stored = { ...next, before: before?.id ?? NOTHING_BEFORE }
    if ((await this.latest(signal))?.id !== before?.id) return { kind: 'overtaken' }
    if (!(await this.#link(stored, signal))) return { kind: 'overtaken' }
    const numbers = await this.#numbers()
    if (numbers.at(-1) === next.number) {
      await this.#remove(numbers.slice(0, -1))
      return { kind: 'appended', generation: next }
    }
    return await this.#whetherSeen(next)
  }

  /** Says that this generation is still looked after; false when it does not count any more. */
  async touch({ number, id }: Generation, signal: AbortSignal): Promise<boolean> {
    const now = new Date()
    if ((await this.latest(signal))?.id !== id) return false
    await utimes(this.#path(number), now, now)
    return true
  }

  /** When it was last touched, by the clock of the file system; undefined when it is gone. */
  async touchedMs({ number }: Generation): Promise<number | undefined> {
    try {
      return (await stat(this.#path(number))).mtimeMs
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  #path(number: number): string {
    return join(this.#folder, `${this.#prefix}${String(number)}${this.#suffix}`)
  }

  /**
   * We were so slow that others went on meanwhile. They went on from ours, or they had gone past
   * its number, and it came too late and counts for nobody.
   */
  async #whetherSeen({ number, id }: Generation): Promise<Appended> {
    const successor = await this.#read(number + 1)
    if (!successor) return { kind: 'unknown' }
    if (successor.before !== id) return { kind: 'overtaken' }
    return { kind: 'appended', generation: { number, id, content: '' } }
  }

  async #link(stored: Stored, signal: AbortSignal): Promise<boolean> {
    // Never taken for a generation: those have a number after the prefix.
    const temporary = join(this.#folder, `${this.#prefix}${stored.id}.tmp`)
    try {
      await writeSynced(temporary, `${stored.id} ${stored.before}\n${stored.content}`)
      signal.throwIfAborted()
      await link(temporary, this.#path(stored.number))
      await syncFolder(this.#folder)
      return true
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    } finally {
      await rm(temporary, { force: true })
    }
  }

  async #read(number: number): Promise<Stored | undefined> {
    try {
      const text = await readFile(this.#path(number), 'utf8')
      const [head, id, before] = HEAD.exec(text) ?? []
      if (head && id && before) return { number, id, before, content: text.slice(head.length) }
      // Put there by hand: it counts, under an id that only the same text has.
      const hash = createHash('sha256').update(text).digest('hex')
      return { number, id: hash, before: NOTHING_BEFORE, content: text }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** In rising order. */
  async #numbers(): Promise<readonly number[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    })
    return names.flatMap((name) => this.#numberOf(name) ?? []).sort((a, b) => a - b)
  }

  #numberOf(name: string): number | undefined {
    if (!name.startsWith(this.#prefix) || !name.endsWith(this.#suffix)) return undefined
    const digits = name.slice(this.#prefix.length, name.length - this.#suffix.length)
    return /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : undefined
  }

  async #remove(numbers: readonly number[]): Promise<void> {
    await Promise.all(numbers.map((number) => rm(this.#path(number), { force: true })))
  }
}

async function writeSynced(path: string, value: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(value, 'utf8')
  await file.sync()
}

/** Without it a crash may forget the link. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
