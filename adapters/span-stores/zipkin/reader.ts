import { IsthmusError } from '../../../src/kernel/errors.ts'
import { JsonClient } from '../../../src/kernel/json-client.ts'
import type { Parameters } from '../../../src/kernel/json-client.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { byTrace, rawTrace } from '../../../trace-converter/span/collect.ts'
import { isShort, lowHalf } from '../../../trace-converter/span/ids.ts'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import {
  firstStartUs,
  halve,
  spanMatches,
  startsWithin,
} from '../../../trace-converter/span/search.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import { decodeZipkinSpans } from '../../../trace-converter/span/zipkin-json.ts'
import type {
  Operation,
  SpanIdTraces,
  SpanReader,
  TraceQuery,
} from '../../../trace-converter/store.ts'
import { searchParameters, windowParameters } from './query.ts'

export interface ZipkinReaderOptions {
  readonly name: string
  /** Base URL, before /api/v2. */
  readonly url: string
  readonly log: Log
}

const LIMITS = { connections: 4, timeoutMs: 60_000, maxBytes: 256 * 1_048_576 }
/** Traces asked for at once. An answer with so many may be cut off. */
const WINDOW_TRACES = 500
const MAX_TRACES = 10_000

/**
 * Reads a Zipkin server over its query API v2. What that API cannot say: a scan does not find
 * spans without a timestamp, and a short id only finds a long one where the server itself does
 * (STRICT_TRACE_ID=false).
 */
export class ZipkinSpanReader implements SpanReader, AsyncDisposable {
  readonly name: string
  readonly findsSpanIds = false
  readonly #log: Log
  readonly #client: JsonClient

  constructor({ name, url, log }: ZipkinReaderOptions) {
    this.name = name
    this.#log = log
    const codes = { unavailable: 'STORE_UNAVAILABLE', refused: 'STORE_REFUSED' } as const
    this.#client = new JsonClient({ url, codes, ...LIMITS })
  }

  async *scan(range: TimeRange, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const windows = [range]
    for (let window = windows.pop(); window; window = windows.pop()) {
      const halves = halve(window)
      const limit = halves ? WINDOW_TRACES : MAX_TRACES
      const { traces, cut } = await this.#traces({ ...windowParameters(window), limit }, signal)
      const within = traces.filter(({ spans }) => startsWithin(spans, range, undefined))
      if (!cut && within.length > 0) yield within
      if (cut && !halves) throw tooMany(window)
      if (cut && halves) windows.push(halves[1], halves[0])
    }
  }

  async findTrace(id: TraceId, signal: AbortSignal): Promise<Trace | undefined> {
    const traces = await this.findRelated([id], signal)
    const exact = traces.find(({ traceId }) => traceId === id)
    const twins = traces.filter(({ traceId }) => isShort(id) || isShort(traceId))
    return exact ?? (twins.length === 1 ? twins[0] : undefined)
  }

  async findRelated(ids: readonly TraceId[], signal: AbortSignal): Promise<readonly Trace[]> {
    const asked = new Set(ids.flatMap((id) => (isShort(id) ? [lowHalf(id)] : [id, lowHalf(id)])))
    const answers = await Promise.all(
      [...asked].map((id) => this.#client.get(`/api/v2/trace/${id}`, {}, signal)),
    )
    const found = answers.flatMap((json) => (json === undefined ? [] : this.#decode(json)))
    return [...new Map(found.map((trace) => [trace.traceId, trace])).values()]
  }

  /** Nothing: the API has no search by span id. */
  findBySpanIds(): Promise<SpanIdTraces> {
    return Promise.resolve(new Map())
  }

  /** Asks for more until enough of what came meets the query, or nothing more is there. */
  async findTraces(query: TraceQuery, signal: AbortSignal): Promise<readonly Trace[]> {
    const parameters = searchParameters(query)
    for (let limit = Math.max(1, query.limit); ; limit = Math.min(limit * 4, MAX_TRACES)) {
      const { traces, cut } = await this.#traces({ ...parameters, limit }, signal)
      const found = traces.filter((trace) => meets(trace, query)).sort(newestFirst)
      if (!cut || found.length >= query.limit) return found.slice(0, query.limit)
      if (limit >= MAX_TRACES) throw tooMany(query.range)
    }
  }

  services(signal: AbortSignal): Promise<readonly string[]> {
    return this.#names('services', {}, signal)
  }

  async operations(service: string, signal: AbortSignal): Promise<readonly Operation[]> {
    const names = await this.#names('spans', { serviceName: service.toLowerCase() }, signal)
    return names.map((name) => ({ name }))
  }

  remoteServices(service: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#names('remoteServices', { serviceName: service.toLowerCase() }, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }

  async #traces(
    parameters: Parameters & { readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly traces: readonly Trace[]; readonly cut: boolean }> {
    const json = await this.#client.get('/api/v2/traces', parameters, signal)
    if (!Array.isArray(json)) throw notZipkin('/api/v2/traces')
    return { traces: this.#decode(json), cut: json.length >= parameters.limit }
  }

  async #names(
    path: string,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const json = await this.#client.get(`/api/v2/${path}`, parameters, signal)
    if (!Array.isArray(json)) throw notZipkin(`/api/v2/${path}`)
    return json.filter((name) => typeof name === 'string').sort()
  }

  #decode(json: unknown): readonly Trace[] {
    const { spans, problems } = decodeZipkinSpans(json, { store: this.name })
    const [first] = problems
    if (first) {
      this.#log.warn({ store: this.name, count: problems.length, first }, 'unreadable stored spans')
    }
    return [...byTrace(spans)].map(([traceId, group]) => rawTrace(traceId, group))
  }
}

function meets({ spans }: Trace, query: TraceQuery): boolean {
  return (
    startsWithin(spans, query.range, undefined) && spans.some((span) => spanMatches(span, query))
  )
}

function newestFirst(a: Trace, b: Trace): number {
  return (firstStartUs(b.spans) ?? 0) - (firstStartUs(a.spans) ?? 0)
}

function notZipkin(path: string): IsthmusError {
  return new IsthmusError('STORE_REFUSED', 'the answer is not that of a Zipkin server', {
    details: { path },
  })
}

function tooMany(range: TimeRange): IsthmusError {
  return new IsthmusError('STORE_REFUSED', 'more traces than the server can be asked for at once', {
    details: { ...range, limit: MAX_TRACES },
  })
}
