import { isShort, lowHalf } from '../../../trace-converter/span/ids.ts'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import type { SpanIdQuery, SpanIdTraces } from '../../../trace-converter/store.ts'
import { SpanIdIndex } from './span-ids.ts'

/** A trace and when it was last written, microseconds since 1970. */
export interface StoredTrace {
  readonly trace: Trace
  readonly writtenUs: number
}

/** Traces in the order of their last write, found by id, alias, right half and span id. */
export class TraceMap {
  readonly #traces = new Map<TraceId, StoredTrace>()
  readonly #aliases = new Map<TraceId, TraceId>()
  readonly #halves = new Map<string, Set<TraceId>>()
  readonly #spanIds = new SpanIdIndex()
  #spanCount = 0

  get spanCount(): number {
    return this.#spanCount
  }

  get size(): number {
    return this.#traces.size
  }

  get(id: TraceId): StoredTrace | undefined {
    return this.#traces.get(id)
  }

  values(): readonly StoredTrace[] {
    return [...this.#traces.values()]
  }

  oldest(): TraceId | undefined {
    return this.#traces.keys().next().value
  }

  put(stored: StoredTrace): void {
    const { traceId, spans, aliases } = stored.trace
    this.delete(traceId)
    this.#aliases.delete(traceId)
    this.#traces.set(traceId, stored)
    this.#spanCount += spans.length
    this.#spanIds.put(stored.trace)
    for (const alias of aliases) this.#aliases.set(alias, traceId)
    const half = lowHalf(traceId)
    this.#halves.set(half, (this.#halves.get(half) ?? new Set()).add(traceId))
  }

  delete(id: TraceId): void {
    const stored = this.#traces.get(id)
    if (!stored) return
    this.#traces.delete(id)
    this.#spanCount -= stored.trace.spans.length
    this.#spanIds.delete(stored.trace)
    for (const alias of stored.trace.aliases) {
      if (this.#aliases.get(alias) === id) this.#aliases.delete(alias)
    }
    const half = this.#halves.get(lowHalf(id))
    half?.delete(id)
    if (half?.size === 0) this.#halves.delete(lowHalf(id))
  }

  find(id: TraceId): StoredTrace | undefined {
    const exact = this.#traces.get(id) ?? this.#traces.get(this.#aliases.get(id) ?? id)
    if (exact) return exact
    const twins = this.#sameHalf(id).filter((twin) => isShort(id) || isShort(twin))
    return twins.length === 1 && twins[0] ? this.#traces.get(twins[0]) : undefined
  }

  related(ids: readonly TraceId[]): readonly StoredTrace[] {
    const found = new Set(ids.flatMap((id) => [...this.#sameHalf(id), this.#aliases.get(id) ?? id]))
    return [...found].flatMap((id) => this.#traces.get(id) ?? [])
  }

  bySpanIds(query: SpanIdQuery): SpanIdTraces {
    return this.#spanIds.find(query)
  }

  #sameHalf(id: TraceId): readonly TraceId[] {
    return [...(this.#halves.get(lowHalf(id)) ?? [])]
  }
}
