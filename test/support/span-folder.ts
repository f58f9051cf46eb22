import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteSpanStore } from '../../adapters/span-stores/sqlite/store.ts'

const WEEK_MS = 604_800_000

/** A temporary folder of SQLite span files; it closes what it opened and leaves nothing behind. */
export class SpanFolder implements AsyncDisposable {
  readonly #folder: string
  readonly #open = new Set<SqliteSpanStore>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async make(): Promise<SpanFolder> {
    return new SpanFolder(await mkdtemp(join(tmpdir(), 'isthmus-spans-')))
  }

  path(name: string): string {
    return join(this.#folder, `${name}.db`)
  }

  async open(
    name: string,
    mode: 'read' | 'write',
    retentionMs: number = WEEK_MS,
  ): Promise<SqliteSpanStore> {
    const signal = AbortSignal.timeout(20_000)
    const store = await SqliteSpanStore.open(
      { name, path: this.path(name), mode, retentionMs },
      signal,
    )
    this.#open.add(store)
    return store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
