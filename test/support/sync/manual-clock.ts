import type { Clock } from '../../../src/kernel/clock.ts'
import { turns } from './observed-backend.ts'

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

/** Time that stands still until `advance`. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #sleepers = new Set<Sleeper>()

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#sleepers.delete(sleeper)
        reject(new DOMException('aborted', 'AbortError'))
      }
      const wake = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const sleeper = { dueMs: this.#nowMs + durationMs, wake }
      this.#sleepers.add(sleeper)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop)
    })
  }

  /** Lets `durationMs` pass, and what is woken by it run, each at its own time. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await turns(2)
    for (;;) {
      const next = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs)[0]
      if (!next || next.dueMs > endMs) break
      this.#sleepers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.wake()
      await turns(2)
    }
    this.#nowMs = endMs
    await turns(2)
  }
}
