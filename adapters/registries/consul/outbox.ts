import { keyText } from '../../../src/registry/model.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'

/**
 * Events on their way to the one reader of a watch. Of several about one service that the reader
 * has not taken yet the last one stays, so that a slow reader costs no memory.
 */
export class Outbox {
  readonly #waiting = new Map<string, SourceEvent>()
  #failure: { readonly error: unknown } | undefined
  #ended = false
  #wake: (() => void) | undefined

  push(event: SourceEvent): void {
    const about = subjectOf(event)
    this.#waiting.delete(about)
    this.#waiting.set(about, event)
    this.#wake?.()
  }

  /** What was told otherwise need not be told again. */
  clear(): void {
    this.#waiting.clear()
  }

  /** Ends the drain with an error, before anything that still waits. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }

  get isEnded(): boolean {
    return this.#ended
  }

  /** Ends the drain without an error. */
  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *drain(): AsyncGenerator<SourceEvent, void, undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.error
      if (this.#ended) return
      const [next] = this.#waiting
      if (next) {
        this.#waiting.delete(next[0])
        yield next[1]
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    }
  }
}

function subjectOf(event: SourceEvent): string {
  switch (event.kind) {
    case 'upsert':
      return keyText(event.record.key)
    case 'remove':
      return keyText(event.key)
    case 'stale':
      return `stale ${event.name ?? ''}`
    case 'snapshot':
      return 'snapshot'
    default:
      return event satisfies never
  }
}
