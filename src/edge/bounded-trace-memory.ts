import { isSameTrace } from '../../trace-converter/context/merge.ts'
import type { TraceContext } from '../../trace-converter/context/model.ts'
import type { Clock } from '../kernel/clock.ts'
import { Fifo } from './fifo.ts'
import type { Eviction, Recall, SideName, TraceMemory, TraceMemoryMeters } from './trace-memory.ts'

export interface TraceMemoryLimits {
  /** 0 remembers nothing. */
  readonly maxEntries: number
  /** As estimated: the texts, and what an entry costs besides. */
  readonly maxBytes: number
  readonly maxAgeMs: number
}

interface Entry {
  readonly told: TraceContext
  /** Of its trace. */
  readonly key: string
  readonly bytes: number
  readonly atMs: number
}

type BySpan = Map<string, Entry>

/** Spans of one trace; more push out the oldest of them. */
const MAX_SPANS = 256
/** Objects, two map slots and the ids. */
const ENTRY_BYTES = 700

/**
 * In this process, bounded by count, bytes and age; the oldest go first. Traces are found by the
 * right half of their id, which survives a side that cuts it; another trace with the same half is
 * told apart where both come whole, and by its spans where not.
 */
export class BoundedTraceMemory implements TraceMemory {
  readonly #limits: TraceMemoryLimits
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #meters: TraceMemoryMeters
  /** Oldest first. */
  readonly #entries = new Fifo<Entry>()
  readonly #traces = new Map<string, BySpan>()
  #bytes = 0

  constructor(
    limits: TraceMemoryLimits,
    clock: Pick<Clock, 'monotonicMs'>,
    meters: TraceMemoryMeters,
  ) {
    this.#limits = limits
    this.#clock = clock
    this.#meters = meters
  }

  remember(side: SideName, told: TraceContext): void {
    const key = keyOf(side, told)
    const spans = this.#traces.get(key) ?? new Map<string, Entry>()
    this.#traces.set(key, spans)
    const before = spans.get(told.spanId)
    if (before !== undefined) this.#forget(before, spans)
    const entry = { told, key, bytes: bytesOf(told), atMs: this.#clock.monotonicMs() }
    spans.set(told.spanId, entry)
    this.#traces.set(key, spans)
    this.#entries.add(entry)
    this.#bytes += entry.bytes
    if (spans.size > MAX_SPANS) this.#evictFirst(spans.values(), 'count')
    this.#shrink()
  }

  recall(side: SideName, returned: TraceContext): TraceContext | undefined {
    if (this.#entries.size === 0) {
      this.#meters.recalled(side, 'miss')
      return undefined
    }
    this.#shrink()
    const { told, outcome } = this.#find(this.#traces.get(keyOf(side, returned)), returned)
    this.#meters.recalled(side, outcome)
    return told
  }

  #find(
    spans: BySpan | undefined,
    returned: TraceContext,
  ): { readonly told?: TraceContext; readonly outcome: Recall } {
    if (spans === undefined) return { outcome: 'miss' }
    for (const [id, outcome] of [
      [returned.spanId, 'span'],
      [returned.parent, 'parent'],
    ] as const) {
      const told = spans.get(id)?.told
      if (told !== undefined && isSameTrace(told, returned)) return { told, outcome }
    }
    const [first, ...others] = [...spans.values()]
      .map(({ told }) => told)
      .filter((told) => isSameTrace(told, returned))
    if (first === undefined) return { outcome: 'miss' }
    const said = restOf(first)
    const isOne = others.every((other) => restOf(other) === said)
    return isOne ? { told: first, outcome: 'trace' } : { outcome: 'ambiguous' }
  }

  #shrink(): void {
    const { maxEntries, maxBytes, maxAgeMs } = this.#limits
    const oldestMs = this.#clock.monotonicMs() - maxAgeMs
    for (let entry = this.#entries.first; entry; entry = this.#entries.first) {
      const reason = this.#entries.size > maxEntries ? 'count' : tooMuch(this.#bytes > maxBytes)
      if (reason === undefined && entry.atMs >= oldestMs) break
      this.#evict(entry, reason ?? 'age')
    }
    this.#meters.held(this.#entries.size, this.#bytes)
  }

  #evictFirst(entries: Iterable<Entry>, reason: Eviction): void {
    for (const entry of entries) {
      this.#evict(entry, reason)
      return
    }
  }

  #evict(entry: Entry, reason: Eviction): void {
    this.#forget(entry, this.#traces.get(entry.key))
    this.#meters.evicted(reason)
  }

  #forget(entry: Entry, spans: BySpan | undefined): void {
    this.#entries.delete(entry)
    this.#bytes -= entry.bytes
    spans?.delete(entry.told.spanId)
    if (spans?.size === 0) this.#traces.delete(entry.key)
  }
}

function tooMuch(isOver: boolean): Eviction | undefined {
  return isOver ? 'bytes' : undefined
}

function keyOf(side: SideName, { traceId }: TraceContext): string {
  return `${side} ${traceId.slice(16)}`
}

/** All of it but where in the trace it stands. */
function restOf(told: TraceContext): string {
  return JSON.stringify({ ...told, spanId: undefined, parent: undefined })
}

/** Texts of the wire are one byte a character. */
function bytesOf({ tracestate, baggage, vendor }: TraceContext): number {
  let bytes = ENTRY_BYTES
  for (const { key, value } of tracestate) bytes += key.length + value.length
  for (const { key, value, properties } of baggage) {
    bytes += key.length + value.length + properties.reduce((sum, text) => sum + text.length, 0)
  }
  for (const [name, value] of Object.entries(vendor)) bytes += name.length + value.length
  return bytes
}
