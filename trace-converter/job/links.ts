import type { SpanEnd } from '../span/ends.ts'
import type { SpanId, TraceId } from '../span/ids.ts'
import type { SpanReader } from '../store.ts'
import type { Member } from './group.ts'

/** Traces of one store that one span id may link; an id of more of them tells nothing. */
const MAX_TRACES_PER_ID = 64

type Found = ReadonlyMap<SpanId, ReadonlySet<TraceId>>

/**
 * Finds traces of other ids that an edge may link: parents of what is missed, and those that miss
 * what is there, so that it does not matter which of the two comes first. Each id is asked once.
 */
export class Links {
  readonly #readers: readonly SpanReader[]
  readonly #asked = { holds: new Set<SpanId>(), misses: new Set<SpanId>() }
  readonly #crowded = new Set<SpanId>()

  constructor(readers: readonly SpanReader[]) {
    this.#readers = readers.filter(({ findsSpanIds }) => findsSpanIds)
  }

  /** Span ids of so many traces that they link none: a tracer repeats them. */
  get crowded(): ReadonlySet<SpanId> {
    return this.#crowded
  }

  /** From now on these ids link nothing. */
  crowd(ids: Iterable<SpanId>): void {
    for (const id of ids) this.#crowded.add(id)
  }

  async linkedTo(all: readonly Member[], signal: AbortSignal): Promise<readonly TraceId[]> {
    const missed = all.flatMap(({ ends }) => [...ends.misses])
    const held = all.flatMap(({ ends }) => [...ends.holds])
    const above = await this.#ask('holds', missed, signal)
    const below = await this.#ask('misses', held, signal)
    // How many traces share an id at its other end decides whether it tells anything.
    const others = [
      await this.#ask('misses', [...above.keys()], signal),
      await this.#ask('holds', [...below.keys()], signal),
    ]
    const found = [above, below, ...others].flatMap((traces) => [...traces])
    return found.flatMap(([id, traces]) => (this.#crowded.has(id) ? [] : [...traces]))
  }

  async #ask(end: SpanEnd, ids: readonly SpanId[], signal: AbortSignal): Promise<Found> {
    const asked = this.#asked[end]
    const open = [...new Set(ids)].filter((id) => !asked.has(id) && !this.#crowded.has(id))
    for (const id of open) asked.add(id)
    const found = new Map<SpanId, Set<TraceId>>()
    if (open.length === 0) return found
    const query = { ids: open, end, limit: MAX_TRACES_PER_ID + 1 }
    const answers = this.#readers.map((reader) => reader.findBySpanIds(query, signal))
    for (const [id, traces] of (await Promise.all(answers)).flatMap((answer) => [...answer])) {
      if (traces.length > MAX_TRACES_PER_ID) this.#crowded.add(id)
      found.set(id, new Set([...(found.get(id) ?? []), ...traces]))
    }
    return found
  }
}
