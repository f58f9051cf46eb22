import type { Trace } from '../span/model.ts'
import { digestOf } from './digest.ts'

/** A trace as the n-th store holds it, or as what was stitched before remembers it. */
export interface Part {
  readonly store: number | 'stitched'
  readonly trace: Trace
}

/**
 * Which parts were stitched as they are now, the latest so many. Forgetting one costs a needless
 * write of the same bytes, nothing else.
 */
export class Seen {
  readonly #maxParts: number
  readonly #digests = new Map<string, string>()

  constructor(maxParts: number) {
    this.#maxParts = maxParts
  }

  has(part: Part): boolean {
    const key = keyOf(part)
    const digest = this.#digests.get(key)
    if (digest === undefined || digest !== digestOf(part.trace)) return false
    this.#put(key, digest)
    return true
  }

  add(part: Part): void {
    this.#put(keyOf(part), digestOf(part.trace))
  }

  #put(key: string, digest: string): void {
    this.#digests.delete(key)
    this.#digests.set(key, digest)
    const oldest = this.#digests.keys().next()
    if (this.#digests.size > this.#maxParts && !oldest.done) this.#digests.delete(oldest.value)
  }
}

function keyOf({ store, trace }: Part): string {
  return `${store}:${trace.traceId}`
}
