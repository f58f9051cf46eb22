import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../src/kernel/clock.ts'

/** Stands still until told; whoever sleeps goes on once the time has come. */
export class HeldClock implements Clock {
  #nowMs: number
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>()

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  async sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const untilMs = this.#nowMs + durationMs
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(new DOMException('aborted', 'AbortError'))
      }
      const wake = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      const sleeper = { untilMs, wake }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', abort)
    })
  }

  /** Resolves once somebody sleeps, whatever was to be done now being done, or `over` aborts. */
  async settled(over: AbortSignal): Promise<void> {
    while (this.#sleepers.size === 0 && !over.aborted) await nextTurn()
  }

  /** Moves on, wakes who is due, and waits until somebody sleeps again or `over` aborts. */
  async advance(durationMs: number, over: AbortSignal): Promise<void> {
    await this.settled(over)
    this.#nowMs += durationMs
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.untilMs > this.#nowMs) continue
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
    await this.settled(over)
  }
}
