import type { TraceId } from '../span/ids.ts'
import type { Span } from '../span/model.ts'
import { compareText } from '../span/canonical.ts'
import { hullOf } from './interval.ts'

/** Which trace id is stitched into which; the last one of a chain of joins is home. */
export class Joins {
  readonly #parts: ReadonlyMap<TraceId, readonly Span[]>
  readonly #into = new Map<TraceId, TraceId>()

  constructor(parts: ReadonlyMap<TraceId, readonly Span[]>) {
    this.#parts = parts
  }

  /** What is downstream takes the id of what is upstream. */
  join(downstream: TraceId, upstream: TraceId): void {
    this.#into.set(downstream, upstream)
  }

  /** In a ring of joins, home is the part that began first. */
  homeOf(id: TraceId): TraceId {
    const path: TraceId[] = []
    for (let at: TraceId | undefined = id; at !== undefined; at = this.#into.get(at)) {
      const ring = path.indexOf(at)
      if (ring >= 0) return this.#first(path.slice(ring), at)
      path.push(at)
    }
    return path.at(-1) ?? id
  }

  #first(ring: readonly TraceId[], start: TraceId): TraceId {
    return ring.reduce((first, id) => (this.#compare(id, first) < 0 ? id : first), start)
  }

  #compare(a: TraceId, b: TraceId): number {
    return this.#startOf(a) - this.#startOf(b) || compareText(a, b)
  }

  #startOf(id: TraceId): number {
    return hullOf(this.#parts.get(id) ?? [])?.startUs ?? Number.MAX_SAFE_INTEGER
  }
}
