import { setImmediate as nextTurn } from 'node:timers/promises'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import { byTrace, newSpans, rawTrace } from '../../../trace-converter/span/collect.ts'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'
import { firstStartUs, spanMatches, startsWithin } from '../../../trace-converter/span/search.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type {
  CheckpointStore,
  Operation,
  SpanIdQuery,
  SpanIdTraces,
  SpanStore,
  TraceQuery,
} from '../../../trace-converter/store.ts'
import { operationsOf, remoteServicesOf, servicesOf } from './names.ts'
import { TraceMap } from './trace-map.ts'
import type { StoredTrace } from './trace-map.ts'

export interface MemoryStoreOptions {
  readonly name: string
  /** Traces written longest ago go first when there are more spans than this. */
  readonly maxSpans: number
}

const BATCH_TRACES = 500

/** Keeps spans in this process only. Every call takes a turn of the event loop, as a real one would. */
export class MemorySpanStore implements SpanStore, CheckpointStore {
  readonly name: string
  readonly findsSpanIds = true
  readonly #maxSpans: number
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #traces = new TraceMap()
  readonly #checkpoints = new Map<string, string>()
  #closed = false

  constructor({ name, maxSpans }: MemoryStoreOptions, clock: Pick<Clock, 'nowMs'>) {
    this.name = name
    this.#maxSpans = maxSpans
    this.#clock = clock
  }

  async *scan(range: TimeRange, signal: AbortSignal): AsyncGenerator<readonly Trace[]> {
    await this.#turn(signal)
    const found = this.#traces.values().filter((stored) => isWithin(stored, range))
    for (let from = 0; from < found.length; from += BATCH_TRACES) {
      yield found.slice(from, from + BATCH_TRACES).map(({ trace }) => trace)
      await this.#turn(signal)
    }
  }

  async findTrace(id: TraceId, signal: AbortSignal): Promise<Trace | undefined> {
    await this.#turn(signal)
    return this.#traces.find(id)?.trace
  }

  async findRelated(ids: readonly TraceId[], signal: AbortSignal): Promise<readonly Trace[]> {
    await this.#turn(signal)
    return this.#traces.related(ids).map(({ trace }) => trace)
  }

  async findBySpanIds(query: SpanIdQuery, signal: AbortSignal): Promise<SpanIdTraces> {
    await this.#turn(signal)
    return this.#traces.bySpanIds(query)
  }

  async findTraces(query: TraceQuery, signal: AbortSignal): Promise<readonly Trace[]> {
    await this.#turn(signal)
    return this.#traces
      .values()
      .filter((stored) => isWithin(stored, query.range))
      .filter(({ trace }) => trace.spans.some((span) => spanMatches(span, query)))
      .sort((a, b) => startOf(b) - startOf(a))
      .slice(0, query.limit)
      .map(({ trace }) => trace)
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    await this.#turn(signal)
    return servicesOf(this.#spans())
  }

  async operations(service: string, signal: AbortSignal): Promise<readonly Operation[]> {
    await this.#turn(signal)
    return operationsOf(this.#spans(), service)
  }

  async remoteServices(service: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#turn(signal)
    return remoteServicesOf(this.#spans(), service)
  }

  async append(spans: readonly Span[], signal: AbortSignal): Promise<void> {
    await this.#turn(signal)
    for (const [traceId, group] of byTrace(spans)) {
      const before = this.#traces.get(traceId)?.trace ?? rawTrace(traceId, [])
      const added = newSpans(before.spans, group)
      if (added.length > 0) this.#put({ ...before, spans: [...before.spans, ...added] })
    }
    this.#dropOldest()
  }

  async replace(traces: readonly Trace[], signal: AbortSignal): Promise<void> {
    await this.#turn(signal)
    for (const trace of traces) {
      for (const alias of trace.aliases) this.#traces.delete(alias)
      this.#put(trace)
    }
    this.#dropOldest()
  }

  async load(name: string, signal: AbortSignal): Promise<string | undefined> {
    await this.#turn(signal)
    return this.#checkpoints.get(name)
  }

  async save(name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#turn(signal)
    this.#checkpoints.set(name, value)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  #put(trace: Trace): void {
    const before = this.#traces.get(trace.traceId)?.trace
    if (before && JSON.stringify(before) === JSON.stringify(trace)) return
    this.#traces.put({ trace, writtenUs: this.#clock.nowMs() * 1_000 })
  }

  #dropOldest(): void {
    while (this.#traces.spanCount > this.#maxSpans && this.#traces.size > 1) {
      const oldest = this.#traces.oldest()
      if (oldest === undefined) return
      this.#traces.delete(oldest)
    }
  }

  *#spans(): Generator<Span> {
    for (const { trace } of this.#traces.values()) yield* trace.spans
  }

  async #turn(signal: AbortSignal): Promise<void> {
    await nextTurn(undefined, { signal })
    if (this.#closed) throw new IsthmusError('STORE_UNAVAILABLE', 'the store is closed')
  }
}

function isWithin({ trace, writtenUs }: StoredTrace, range: TimeRange): boolean {
  return startsWithin(trace.spans, range, writtenUs)
}

function startOf({ trace, writtenUs }: StoredTrace): number {
  return firstStartUs(trace.spans) ?? writtenUs
}
