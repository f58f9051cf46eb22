import { setTimeout as delay } from 'node:timers/promises'

/** Time, so that a test can hold it still. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump; never measure a duration with it. */
  nowMs(): number
  /** Monotonic, milliseconds from an arbitrary start. */
  monotonicMs(): number
  /** Rejects with an AbortError once `signal` aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, { signal })
  },
}
