import { isSameTrace } from '../../trace-converter/context/merge.ts'
import type { TraceContext } from '../../trace-converter/context/model.ts'
import type { Clock } from '../kernel/clock.ts'
import { isOfSpan, packTold, parseTold, restOf } from './told.ts'
import { ToldList, type ToldEntry, type TraceKey } from './told-list.ts'
import type { Eviction, Recall, SideName, TraceMemory, TraceMemoryMeters } from './trace-memory.ts'

export interface TraceMemoryLimits {
  /** 0 remembers nothing. */
  readonly maxEntries: number
  /** As estimated: the texts, and what an entry costs besides. */
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** Spans of one trace; more push out the oldest of them. */
const MAX_SPANS = 256
/** The object, its place in the index, and the heads of its texts. */
const ENTRY_BYTES = 250

interface Found {
  readonly told?: TraceContext
  readonly outcome: Recall
}

/**
 * In this process, bounded by count, bytes and age; the oldest go first. Traces are found by the
 * last bits of their id, which survive a side that cuts it; another trace with the same bits is
 * told apart where both come whole, and by its spans where not.
 */
export class BoundedTraceMemory implements TraceMemory {
  readonly #limits: TraceMemoryLimits
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #meters: TraceMemoryMeters
  readonly #list = new ToldList()

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
    if (this.#limits.maxEntries === 0) {
      this.#meters.evicted('count')
      return
    }
    const key = keyOf(side, told)
    this.#makeRoom(key, told.spanId)
    const text = packTold(told)
    this.#list.add(key, text, ENTRY_BYTES + text.length, this.#clock.monotonicMs())
    this.#shrink()
  }

  recall(side: SideName, returned: TraceContext): TraceContext | undefined {
    if (this.#list.size === 0) {
      this.#meters.recalled(side, 'miss')
      return undefined
    }
    this.#shrink()
    const { told, outcome } = find(this.#list.newestOf(keyOf(side, returned)), returned)
    this.#meters.recalled(side, outcome)
    return told
  }

  /** The last word about a span counts, and one trace cannot take all the room. */
  #makeRoom(key: TraceKey, spanId: string): void {
    let spans = 0
    let last: ToldEntry | undefined
    for (let entry = this.#list.newestOf(key); entry; entry = entry.olderOfTrace) {
      if (isOfSpan(entry.text, spanId)) {
        this.#list.delete(entry)
        return
      }
      spans += 1
      last = entry
    }
    if (spans >= MAX_SPANS && last !== undefined) this.#evict(last, 'count')
  }

  #shrink(): void {
    const { maxEntries, maxBytes, maxAgeMs } = this.#limits
    const list = this.#list
    const oldestMs = this.#clock.monotonicMs() - maxAgeMs
    for (let entry = list.oldest; entry; entry = list.oldest) {
      if (list.size > maxEntries) this.#evict(entry, 'count')
      else if (list.bytes > maxBytes) this.#evict(entry, 'bytes')
      else if (entry.atMs < oldestMs) this.#evict(entry, 'age')
      else break
    }
    this.#meters.held(list.size, list.bytes)
  }

  #evict(entry: ToldEntry, reason: Eviction): void {
    this.#list.delete(entry)
    this.#meters.evicted(reason)
  }
}

function find(newest: ToldEntry | undefined, returned: TraceContext): Found {
  const { spanId, parent } = returned
  return (
    ofSpan(newest, spanId, 'span', returned) ??
    ofSpan(newest, parent, 'parent', returned) ??
    ofTrace(newest, returned)
  )
}

function ofSpan(
  newest: ToldEntry | undefined,
  spanId: string,
  outcome: Recall,
  returned: TraceContext,
): Found | undefined {
  for (let entry = newest; entry; entry = entry.olderOfTrace) {
    if (!isOfSpan(entry.text, spanId)) continue
    const told = parseTold(entry.text)
    return isSameTrace(told, returned) ? { told, outcome } : undefined
  }
  return undefined
}

/** Texts that are one are read once. */
function ofTrace(newest: ToldEntry | undefined, returned: TraceContext): Found {
  let found: TraceContext | undefined
  let said: string | undefined
  for (let entry = newest; entry; entry = entry.olderOfTrace) {
    const rest = restOf(entry.text)
    if (rest === said) continue
    const told = parseTold(entry.text)
    if (!isSameTrace(told, returned)) continue
    if (found !== undefined) return { outcome: 'ambiguous' }
    found = told
    said = rest
  }
  return found === undefined ? { outcome: 'miss' } : { told: found, outcome: 'trace' }
}

/**
 * The lowest 52 bits of the id, which a number holds, and the side as its sign: a text made for each
 * request would have to be hashed each time, which costs more than all else here.
 */
function keyOf(side: SideName, { traceId }: TraceContext): TraceKey {
  const low = Number.parseInt(traceId.slice(-13), 16)
  return side === 'mesh' ? low : -1 - low
}
