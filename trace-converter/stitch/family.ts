import type { SpanId } from '../span/ids.ts'
import type { Span } from '../span/model.ts'

/** Who is below whom, by parent ids alone, in spans whose ids are their own. */
export class Family {
  readonly #children = new Map<SpanId, Span[]>()

  constructor(spans: readonly Span[]) {
    for (const span of spans) {
      if (span.parentId === undefined) continue
      const children = this.#children.get(span.parentId)
      if (children) children.push(span)
      else this.#children.set(span.parentId, [span])
    }
  }

  /** The children of `id`, in the order of the spans; also when `id` is no span's. */
  childrenOf(id: SpanId): readonly Span[] {
    return this.#children.get(id) ?? []
  }

  /** Everything below `id`. */
  below(id: SpanId): ReadonlySet<Span> {
    const found = new Set<Span>()
    const waiting = [...this.childrenOf(id)]
    for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
      if (found.has(span)) continue
      found.add(span)
      waiting.push(...this.childrenOf(span.id))
    }
    return found
  }
}
