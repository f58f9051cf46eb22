import type { SpanEnd } from './span/ends.ts'
import type { SpanId, TraceId } from './span/ids.ts'
import type { Span, SpanKind, Trace } from './span/model.ts'
import type { SpanCondition, TimeRange } from './span/search.ts'

export type { TimeRange } from './span/search.ts'

/**
 * A search for traces: those that have a span starting within the range, and a span that meets
 * every given condition. A store that cannot serve a condition refuses the query
 * (QUERY_INVALID); it never approximates.
 */
export interface TraceQuery extends SpanCondition {
  readonly range: TimeRange
  /** Newest first by start of the trace; at most this many. */
  readonly limit: number
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

/** Which traces take part in an edge to another trace by one of these span ids. */
export interface SpanIdQuery {
  readonly ids: readonly SpanId[]
  readonly end: SpanEnd
  /** Traces of one id, at most. */
  readonly limit: number
}

export type SpanIdTraces = ReadonlyMap<SpanId, readonly TraceId[]>

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
   * The trace stored under `id`, else the one that has `id` among its aliases, else the one whose
   * id has the same right half, if exactly one has and one of the two ids is 64 bits wide (two
   * long ids that differ are two traces); undefined when there is none.
   */
  findTrace(id: TraceId, signal: AbortSignal): Promise<Trace | undefined>
  /**
   * What may belong to one chain with `ids`: every trace stored under one of them, under an alias
   * of one, or under an id with the same right half as one; each once. A store that looks up
   * whole ids only finds the ids themselves and their short forms.
   */
  findRelated(ids: readonly TraceId[], signal: AbortSignal): Promise<readonly Trace[]>
  /**
   * Whether the store can look up span ids. Of one that cannot, a trace is linked to another by
   * what was read or stitched of it, and by nothing else.
   */
  readonly findsSpanIds: boolean
  /**
   * Ids of the traces that hold the given span ids, or that name them as parents and miss them
   * (see `endsOf`), by span id. It may name a trace too many, never one too few below the limit;
   * ids that repeat by chance (below 2^32) and ids without any trace have no entry. A store that
   * cannot look up span ids answers nothing.
   */
  findBySpanIds(query: SpanIdQuery, signal: AbortSignal): Promise<SpanIdTraces>
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
