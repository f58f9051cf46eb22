import type { Clock } from '../../src/kernel/clock.ts'
import { errorCode, errorMessage, isRetryable } from '../../src/kernel/errors.ts'
import type { Log } from '../../src/kernel/log.ts'

const MAX_WAIT_MS = 60_000

export interface Patience {
  readonly clock: Clock
  readonly log: Log
  /** First wait; each next one is twice as long, up to a minute. */
  readonly waitMs: number
  readonly onHold: () => void
}

/** Repeats `work` while a store is away; any other failure, and an abort, is the caller's. */
export async function patiently<T>(
  work: () => Promise<T>,
  { clock, log, waitMs, onHold }: Patience,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !isRetryable(error)) throw error
      const delayMs = Math.min(waitMs * 2 ** (attempt - 1), MAX_WAIT_MS)
      const reason = { code: errorCode(error), message: errorMessage(error) }
      log.warn({ ...reason, attempt, delayMs }, 'a span store does not answer, stitching waits')
      onHold()
      await clock.sleep(delayMs, signal)
    }
  }
}
