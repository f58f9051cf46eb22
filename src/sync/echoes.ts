import { keyText } from '../registry/model.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'

/**
 * Services that were written to and have not been seen to change since. Most are within
 * milliseconds. But what is written and lost again before anybody reads it (its session ends, a
 * hand takes it away) never shows as a change: so these are looked at again.
 */
export class Echoes {
  readonly #awaited = new Map<KeyText, { readonly target: ServiceKey; readonly sinceMs: number }>()

  /** Call before writing: the echo may be faster than the answer. */
  await(target: ServiceKey, nowMs: number): void {
    const text = keyText(target)
    this.#awaited.delete(text)
    this.#awaited.set(text, { target, sinceMs: nowMs })
  }

  heard(target: ServiceKey): void {
    this.#awaited.delete(keyText(target))
  }

  /** Gives up on those written before `beforeMs`, and returns them; oldest first. */
  giveUp(beforeMs = Infinity): readonly ServiceKey[] {
    const lost: ServiceKey[] = []
    for (const [text, { target, sinceMs }] of this.#awaited) {
      if (sinceMs >= beforeMs) break
      this.#awaited.delete(text)
      lost.push(target)
    }
    return lost
  }
}
