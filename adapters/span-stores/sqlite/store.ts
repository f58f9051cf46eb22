import type { TraceId } from '../../../trace-converter/span/ids.ts'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type {
  CheckpointStore,
  Operation,
  SpanIdQuery,
  SpanIdTraces,
  SpanStore,
  TraceQuery,
} from '../../../trace-converter/store.ts'
import { Channel } from './channel.ts'
import type { SqliteFile } from './protocol.ts'
import { decodeTrace, encodeText } from './text.ts'

export interface SqliteStoreOptions extends SqliteFile {
  readonly name: string
}

const BATCH_TRACES = 500

/** Spans in one SQLite file, behind a worker thread. Also remembers checkpoints. */
export class SqliteSpanStore implements SpanStore, CheckpointStore {
  readonly name: string
  readonly findsSpanIds = true
  readonly #channel: Channel

  private constructor(name: string, channel: Channel) {
    this.name = name
    this.#channel = channel
  }

  /**
   * A writer takes its file at once: STORE_REFUSED when another process writes it,
   * STORE_DRIVER_MISSING without better-sqlite3. A reader may be there before the file is.
   */
  static async open(options: SqliteStoreOptions, signal: AbortSignal): Promise<SqliteSpanStore> {
    const { name, path, mode, retentionMs } = options
    const channel = new Channel({ path, mode, retentionMs })
    try {
      if (mode === 'write') await channel.call('open', null, signal)
      return new SqliteSpanStore(name, channel)
    } catch (error) {
      await channel[Symbol.asyncDispose]()
      throw error
    }
  }

  async *scan(range: TimeRange, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const rows = await this.#channel.call('list', range, signal)
    for (let next = 0; next < rows.length;) {
      const input = { rows: rows.slice(next, next + BATCH_TRACES), range }
      const { traces, read } = await this.#channel.call('fetch', input, signal)
      if (traces.length > 0) yield traces.map(decodeTrace)
      next += read
    }
  }

  async findTrace(id: TraceId, signal: AbortSignal): Promise<Trace | undefined> {
    const text = await this.#channel.call('find', id, signal)
    return text === null ? undefined : decodeTrace(text)
  }

  async findRelated(ids: readonly TraceId[], signal: AbortSignal): Promise<readonly Trace[]> {
    return (await this.#channel.call('related', ids, signal)).map(decodeTrace)
  }

  findBySpanIds(query: SpanIdQuery, signal: AbortSignal): Promise<SpanIdTraces> {
    return this.#channel.call('spanIds', query, signal)
  }

  async findTraces(query: TraceQuery, signal: AbortSignal): Promise<readonly Trace[]> {
    return (await this.#channel.call('search', query, signal)).map(decodeTrace)
  }

  services(signal: AbortSignal): Promise<readonly string[]> {
    return this.#channel.call('services', null, signal)
  }

  operations(service: string, signal: AbortSignal): Promise<readonly Operation[]> {
    return this.#channel.call('operations', service, signal)
  }

  remoteServices(service: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#channel.call('remoteServices', service, signal)
  }

  async append(spans: readonly Span[], signal: AbortSignal): Promise<void> {
    await this.#channel.call('append', encodeText(spans), signal)
  }

  async replace(traces: readonly Trace[], signal: AbortSignal): Promise<void> {
    await this.#channel.call('replace', encodeText(traces), signal)
  }

  async load(name: string, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#channel.call('load', name, signal)) ?? undefined
  }

  async save(name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#channel.call('save', { name, value }, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]()
  }
}
