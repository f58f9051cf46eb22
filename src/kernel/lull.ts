import { onAbort } from './on-abort.ts'

/** So long must nothing have been under way: between two of a burst there are moments without. */
const QUIET_MS = 3
/** So many pieces at a time are no burst: what others do is then worth as much as our own. */
const FEW = 16

/**
 * Work that comes in bursts, each piece about something with a name, and the moments without any:
 * for what need not be done in the midst of it.
 */
export class Lull {
  readonly #touched = new Set<string>()
  readonly #waiting = new Set<() => void>()
  readonly #waitingForFew = new Set<() => void>()
  #underWay = 0
  #timer: NodeJS.Timeout | undefined

  /** Whether there has been work about `name` since the last lull. */
  touched(name: string): boolean {
    return this.#touched.has(name)
  }

  /** Does `work`, which is about `name`. */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer)
    this.#touched.add(name)
    this.#underWay += 1
    try {
      return await work()
    } finally {
      this.#underWay -= 1
      if (this.#underWay <= FEW) for (const wake of this.#waitingForFew) wake()
      if (this.#underWay === 0) {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => this.#begin(), QUIET_MS).unref()
      }
    }
  }

  /** Resolves in the next lull, at once in the midst of one, and after `longestMs` in any case. */
  async come(longestMs: number): Promise<void> {
    if (this.#touched.size > 0) await wakenBy(this.#waiting, longestMs)
  }

  /**
   * Resolves as soon as no more than a few pieces are under way or `signal` aborts, after `longestMs`
   * in any case.
   */
  async slacken(longestMs: number, signal: AbortSignal): Promise<void> {
    if (this.#underWay > FEW && !signal.aborted)
      await wakenBy(this.#waitingForFew, longestMs, signal)
  }

  #begin(): void {
    this.#touched.clear()
    for (const wake of this.#waiting) wake()
  }
}

async function wakenBy(
  waiting: Set<() => void>,
  longestMs: number,
  signal?: AbortSignal,
): Promise<void> {
  let wake = (): void => undefined
  const woken = new Promise<void>((resolve) => (wake = resolve))
  const timer = setTimeout(wake, longestMs).unref()
  const leave = signal && onAbort(signal, wake)
  waiting.add(wake)
  await woken
  clearTimeout(timer)
  leave?.()
  waiting.delete(wake)
}
