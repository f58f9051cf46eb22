import { endsOf } from '../../../trace-converter/span/ends.ts'
import type { SpanEnd } from '../../../trace-converter/span/ends.ts'
import type { SpanId, TraceId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import type { SpanIdQuery, SpanIdTraces } from '../../../trace-converter/store.ts'

type Index = Map<SpanId, Set<TraceId>>

/** Finds traces by the ids of their spans and of the parents that they miss. */
export class SpanIdIndex {
  readonly #indexes: Readonly<Record<SpanEnd, Index>> = { holds: new Map(), misses: new Map() }

  find({ ids, end, limit }: SpanIdQuery): SpanIdTraces {
    const found = new Map<SpanId, readonly TraceId[]>()
    for (const id of ids) {
      const traces = this.#indexes[end].get(id)
      if (traces && limit > 0) found.set(id, [...traces].slice(0, limit))
    }
    return found
  }

  put({ traceId, spans }: Trace): void {
    const { holds, misses } = endsOf(spans)
    for (const id of holds) add(this.#indexes.holds, id, traceId)
    for (const id of misses) add(this.#indexes.misses, id, traceId)
  }

  delete({ traceId, spans }: Trace): void {
    const { holds, misses } = endsOf(spans)
    for (const id of holds) remove(this.#indexes.holds, id, traceId)
    for (const id of misses) remove(this.#indexes.misses, id, traceId)
  }
}

function add(index: Index, id: SpanId, traceId: TraceId): void {
  const traces = index.get(id)
  if (traces) traces.add(traceId)
  else index.set(id, new Set([traceId]))
}

function remove(index: Index, id: SpanId, traceId: TraceId): void {
  const traces = index.get(id)
  traces?.delete(traceId)
  if (traces?.size === 0) index.delete(id)
}
