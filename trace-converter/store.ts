import type { TraceId } from './span/ids.ts'
import type { Span, SpanKind, Trace } from './span/model.ts'

/** Half-open: from <= time < to. Microseconds since 1970. */
export interface TimeRange {
  readonly fromUs: number
  readonly toUs: number
}

/**
 * A search for traces. Every given condition holds for a found trace. A store that cannot serve
 * a condition refuses the query (QUERY_INVALID); it never approximates.
 */
export interface TraceQuery {
  readonly range: TimeRange
  /** Newest first by start of the trace; at most this many. */
  readonly limit: number
  /** Some span of this service (compared without case) meets all of the conditions below. */
  readonly service?: string
  readonly remoteService?: string
  /** Span name, compared without case. */
  readonly spanName?: string
  readonly minDurationUs?: number
  readonly maxDurationUs?: number
  /** Each: a tag of that key (with that text, if given) or, without a value, an event so named. */
  readonly tags?: readonly { readonly key: string; readonly value?: string }[]
}

export interface Operation {
  readonly name: string
  readonly kind?: SpanKind
}

/** Calls counted between two services, parent to child. */
export interface Dependency {
  readonly parent: string
  readonly child: string
  readonly callCount: number
  readonly errorCount: number
}

/** Reads one span store. Empty results are empty, outages are STORE_UNAVAILABLE (retry). */
export interface SpanReader {
  /** Name in the configuration; provenance carries it. */
  readonly name: string
  /**
   * Every span of every trace that has a span starting within the range, in batches bounded by
   * count, a trace never split between batches. A trace may come more than once. Spans are as
   * stored. A span without a start counts by when it was written.
   */
  scan(range: TimeRange, signal: AbortSignal): AsyncIterable<readonly Trace[]>
  /**
   * The trace stored under `id`, under an alias of it or, when no such trace is there, under an
   * id with the same right half if exactly one has it; undefined when there is none.
   */
  findTrace(id: TraceId, signal: AbortSignal): Promise<Trace | undefined>
  findTraces(query: TraceQuery, signal: AbortSignal): Promise<readonly Trace[]>
  /** Sorted, as stored. */
  services(signal: AbortSignal): Promise<readonly string[]>
  /** Sorted by name, then kind. */
  operations(service: string, signal: AbortSignal): Promise<readonly Operation[]>
  /** Names of `remote` endpoints of that service's spans, sorted. */
  remoteServices(service: string, signal: AbortSignal): Promise<readonly string[]>
}

/** Writes one span store. Durable when it resolves; whole or not at all. */
export interface SpanWriter {
  /**
   * Adds spans to their traces as they are. A span already there byte for byte is not added
   * again, so a repeated delivery changes nothing. STORE_UNAVAILABLE (retry), STORE_REFUSED.
   */
  append(spans: readonly Span[], signal: AbortSignal): Promise<void>
  /**
   * Puts each trace in place of what was stored under its id and under its aliases. Writing the
   * same trace again changes nothing.
   */
  replace(traces: readonly Trace[], signal: AbortSignal): Promise<void>
}

export interface SpanStore extends SpanReader, SpanWriter, AsyncDisposable {}

/** Where the converter remembers how far it has come. */
export interface CheckpointStore {
  load(name: string, signal: AbortSignal): Promise<string | undefined>
  /** Durable when it resolves. */
  save(name: string, value: string, signal: AbortSignal): Promise<void>
}
