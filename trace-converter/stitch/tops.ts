import type { SpanId } from '../span/ids.ts'
import type { Span } from '../span/model.ts'

/**
 * At the top of which tree a span hangs: the id of its root, or the parent that its topmost span
 * names and that is no span's. Spans whose ids are their own, without rings.
 */
export class Tops {
  readonly #parents = new Map<SpanId, SpanId>()

  constructor(spans: readonly Span[]) {
    for (const { id, parentId } of spans) if (parentId !== undefined) this.hang(id, parentId)
  }

  /** Everything below the top `id` is below `parentId` from now on. */
  hang(id: SpanId, parentId: SpanId): void {
    this.#parents.set(id, parentId)
  }

  topOf(id: SpanId): SpanId {
    let top = id
    for (let up = this.#parents.get(top); up !== undefined; up = this.#parents.get(top)) top = up
    // The way is short for those who come after, so that deep trees do not cost their square.
    for (let at = id; at !== top;) {
      const up = this.#parents.get(at) ?? top
      this.#parents.set(at, top)
      at = up
    }
    return top
  }
}
