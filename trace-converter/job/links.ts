import type { SpanEnd } from '../span/ends.ts'
import type { SpanId, TraceId } from '../span/ids.ts'
import type { SpanReader } from '../store.ts'
import type { Member } from './group.ts'

/** Traces of one store that one span id may link; an id of more of them tells nothing. */
const MAX_TRACES_PER_ID = 64

/** What the job reads. */
export interface Sources {
  readonly from: readonly SpanReader[]
  /** What was stitched before: it keeps spans that their own store may have dropped since. */
  readonly stitched: SpanReader
}

type Found = ReadonlyMap<SpanId, ReadonlySet<TraceId>>

/**
 * Finds traces of other ids that an edge may link: parents of what is missed, and those that miss
 * what is there, so that it does not matter which of the two comes first. Each id is asked once.
 */
export class Links {
  readonly #stitched: SpanReader
  readonly #all: readonly SpanReader[]
  readonly #asked = { holds: new Asked(), misses: new Asked() }
  readonly #crowded = new Set<SpanId>()

  constructor({ from, stitched }: Sources) {
    this.#stitched = stitched
    this.#all = [...from, stitched].filter(({ findsSpanIds }) => findsSpanIds)
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
    const above = await this.#ask('holds', missed, this.#all, signal)
    // Of spans almost none is missed elsewhere. What was not stitched yet asks for itself, above.
    const below = await this.#ask('misses', held, [this.#stitched], signal)
    // How many traces share an id at its other end decides whether it tells anything.
    const others = [
      await this.#ask('misses', [...above.keys()], this.#all, signal),
      await this.#ask('holds', [...below.keys()], this.#all, signal),
    ]
    const found = [above, below, ...others].flatMap((traces) => [...traces])
    return found.flatMap(([id, traces]) => (this.#crowded.has(id) ? [] : [...traces]))
  }

  async #ask(
    end: SpanEnd,
    ids: readonly SpanId[],
    readers: readonly SpanReader[],
    signal: AbortSignal,
  ): Promise<Found> {
    const found = new Map<SpanId, Set<TraceId>>()
    const answers = readers.flatMap((reader) => {
      const open = this.#asked[end].add(reader, ids)
      const query = { ids: open, end, limit: MAX_TRACES_PER_ID + 1 }
      return open.length === 0 ? [] : [reader.findBySpanIds(query, signal)]
    })
    for (const [id, traces] of (await Promise.all(answers)).flatMap((answer) => [...answer])) {
      if (traces.length > MAX_TRACES_PER_ID) this.#crowded.add(id)
      found.set(id, new Set([...(found.get(id) ?? []), ...traces]))
    }
    return found
  }
}

/** Which reader was asked for which ids. */
class Asked {
  readonly #ids = new Map<SpanReader, Set<SpanId>>()

  /** Those that this reader was not asked for yet. */
  add(reader: SpanReader, ids: readonly SpanId[]): readonly SpanId[] {
    const asked = this.#ids.get(reader) ?? new Set()
    this.#ids.set(reader, asked)
    const open = [...new Set(ids)].filter((id) => !asked.has(id))
    for (const id of open) asked.add(id)
    return open
  }
}
