import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Parameters } from '../../../src/kernel/json-client.ts'
import { isShort, lowHalf } from '../../../trace-converter/span/ids.ts'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import {
  firstStartUs,
  halve,
  nameKey,
  spanMatches,
  startsWithin,
} from '../../../trace-converter/span/search.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type {
  Operation,
  SpanIdTraces,
  SpanReader,
  TraceQuery,
} from '../../../trace-converter/store.ts'
import { JaegerApi } from './api.ts'
import type { JaegerApiOptions } from './api.ts'
import { byNameThenKind, parseOperation } from './operations.ts'
import { refuseUnservable, searchParameters, unservable, windowParameters } from './query.ts'

/** Traces asked for at once. An answer with so many may be cut off. */
const WINDOW_TRACES = 500
const MAX_TRACES = 10_000

interface Found {
  readonly traces: readonly Trace[]
  readonly cut: boolean
}

/**
 * Reads a Jaeger query service over its HTTP API v1 (Jaeger up to 2.20). That API searches one
 * service at a time with exact names; a short id only finds a long one where the service does.
 */
export class JaegerSpanReader implements SpanReader, AsyncDisposable {
  readonly name: string
  readonly findsSpanIds = false
  readonly #api: JaegerApi

  constructor(options: JaegerApiOptions) {
    this.name = options.name
    this.#api = new JaegerApi(options)
  }

  async *scan(range: TimeRange, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    const services = await this.services(signal)
    const windows = [range]
    for (let window = windows.pop(); window; window = windows.pop()) {
      const halves = halve(window)
      const limit = halves ? WINDOW_TRACES : MAX_TRACES
      const parameters = { ...windowParameters(window), limit }
      const { traces, cut } = await this.#ofServices(services, parameters, signal)
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
    const found = await Promise.all(
      [...asked].map((id) => this.#api.traces(`/api/traces/${id}`, {}, signal)),
    )
    return unique(found.flat())
  }

  /** Nothing: the API has no search by span id. */
  findBySpanIds(): Promise<SpanIdTraces> {
    return Promise.resolve(new Map())
  }

  /** Jaeger compares names with their case: every spelling that it knows is asked for. */
  async findTraces(query: TraceQuery, signal: AbortSignal): Promise<readonly Trace[]> {
    refuseUnservable(query)
    const services = spellings(query.service, await this.services(signal))
    const parameters = searchParameters(query)
    for (let limit = Math.max(1, query.limit); ; limit = Math.min(limit * 4, MAX_TRACES)) {
      const { traces, cut } = await this.#search(services, query, { ...parameters, limit }, signal)
      const found = traces.filter((trace) => meets(trace, query)).sort(newestFirst)
      if (!cut || found.length >= query.limit) return found.slice(0, query.limit)
      if (limit >= MAX_TRACES) throw tooMany(query.range)
    }
  }

  services(signal: AbortSignal): Promise<readonly string[]> {
    return this.#api.names('/api/services', signal)
  }

  async operations(service: string, signal: AbortSignal): Promise<readonly Operation[]> {
    const services = spellings(service, await this.services(signal))
    const answers = await Promise.all(
      services.map((name) => this.#api.data('/api/operations', { service: name }, signal)),
    )
    const operations = answers.flatMap((data) => (data ?? []).flatMap(parseOperation))
    const byText = new Map(operations.map((item) => [JSON.stringify(item), item]))
    return [...byText.values()].sort(byNameThenKind)
  }

  /** QUERY_INVALID: Jaeger has no such list. */
  remoteServices(): Promise<readonly string[]> {
    return Promise.reject(unservable('remoteServices', 'Jaeger does not index remote services'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]()
  }

  async #search(
    services: readonly string[],
    query: TraceQuery,
    parameters: Parameters & { readonly limit: number },
    signal: AbortSignal,
  ): Promise<Found> {
    if (query.spanName === undefined) return this.#ofServices(services, parameters, signal)
    const found: Found[] = []
    for (const service of services) {
      const operations = await this.operations(service, signal)
      const names = operations.map(({ name }) => name)
      for (const operation of new Set(spellings(query.spanName, names))) {
        found.push(await this.#ofServices([service], { ...parameters, operation }, signal))
      }
    }
    return merge(found)
  }

  async #ofServices(
    services: readonly string[],
    parameters: Parameters & { readonly limit: number },
    signal: AbortSignal,
  ): Promise<Found> {
    const found = await Promise.all(
      services.map(async (service) => {
        const traces = await this.#api.traces('/api/traces', { ...parameters, service }, signal)
        return { traces, cut: traces.length >= parameters.limit }
      }),
    )
    return merge(found)
  }
}

function merge(found: readonly Found[]): Found {
  return {
    traces: unique(found.flatMap(({ traces }) => traces)),
    cut: found.some(({ cut }) => cut),
  }
}

function unique(traces: readonly Trace[]): readonly Trace[] {
  return [...new Map(traces.map((trace) => [trace.traceId, trace])).values()]
}

function spellings(wanted: string | undefined, names: readonly string[]): readonly string[] {
  if (wanted === undefined) return []
  return names.filter((name) => nameKey(name) === nameKey(wanted))
}

function meets({ spans }: Trace, query: TraceQuery): boolean {
  return (
    startsWithin(spans, query.range, undefined) && spans.some((span) => spanMatches(span, query))
  )
}

function newestFirst(a: Trace, b: Trace): number {
  return (firstStartUs(b.spans) ?? 0) - (firstStartUs(a.spans) ?? 0)
}

function tooMany(range: TimeRange): IsthmusError {
  return new IsthmusError('STORE_REFUSED', 'more traces than the server can be asked for at once', {
    details: { ...range, limit: MAX_TRACES },
  })
}
