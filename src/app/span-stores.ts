import { JaegerSpanReader } from '../../adapters/span-stores/jaeger/reader.ts'
import { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { SqliteSpanStore } from '../../adapters/span-stores/sqlite/store.ts'
import { ZipkinSpanReader } from '../../adapters/span-stores/zipkin/reader.ts'
import type { ReadableStoreConfig, WritableStoreConfig } from '../config/stores.ts'
import { systemClock } from '../kernel/clock.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import type { Log } from '../kernel/log.ts'
import type { CheckpointStore, SpanReader, SpanStore } from '../../trace-converter/store.ts'
import { timeLimit } from '../kernel/time-limit.ts'

/** How long a store may take to open. */
const OPEN_TIMEOUT_MS = 10_000

/** The span stores that one process has open: a store that is named twice is opened once. */
export class SpanStores implements AsyncDisposable {
  readonly #life = new Lifetime()
  readonly #log: Log
  readonly #memory = new Map<string, MemorySpanStore>()
  readonly #writers = new Map<string, Promise<SqliteSpanStore>>()

  constructor({ log }: { readonly log: Log }) {
    this.#log = log
  }

  /** Opens a store to read from; one that is written here too is read through its writer. */
  async reader(config: ReadableStoreConfig): Promise<SpanReader> {
    const { name } = config
    switch (config.kind) {
      case 'memory':
        return this.#openMemory(name, config.maxSpans)
      case 'sqlite': {
        const written = await this.#writers.get(config.path)
        return written ?? this.#openSqlite(config, 'read')
      }
      case 'zipkin':
        return this.#life.use(new ZipkinSpanReader({ ...config, log: this.#log }))
      case 'jaeger':
        return this.#life.use(new JaegerSpanReader({ ...config, log: this.#log }))
    }
  }

  /** Opens a store of our own to write to. Throws STORE_REFUSED when another process writes it. */
  async writer(config: WritableStoreConfig): Promise<SpanStore & CheckpointStore> {
    if (config.kind === 'memory') return this.#openMemory(config.name, config.maxSpans)
    const open = this.#writers.get(config.path) ?? this.#openSqlite(config, 'write')
    this.#writers.set(config.path, open)
    return await open
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  #openMemory(name: string, maxSpans: number): MemorySpanStore {
    const open =
      this.#memory.get(name) ?? this.#life.use(new MemorySpanStore({ name, maxSpans }, systemClock))
    this.#memory.set(name, open)
    return open
  }

  async #openSqlite(
    { name, path, retentionMs }: Extract<WritableStoreConfig, { kind: 'sqlite' }>,
    mode: 'read' | 'write',
  ): Promise<SqliteSpanStore> {
    const signal = timeLimit(OPEN_TIMEOUT_MS)
    return this.#life.use(await SqliteSpanStore.open({ name, path, retentionMs, mode }, signal))
  }
}
