import { IsthmusError } from '../kernel/errors.ts'

export interface ExchangeLimits {
  /** No byte in either direction for so long. */
  readonly idleTimeoutMs: number
  readonly totalTimeoutMs: number
}

/**
 * Watches one exchange: looks at intervals whether `moved` (bytes with the caller, both ways) has
 * changed, which costs an exchange that is soon over one timer and no work a chunk. Calls `expire`
 * once, at the latest a quarter after `idleTimeoutMs`. Returns what stops it.
 */
export function watchDeadline(
  limits: ExchangeLimits,
  moved: () => number,
  expire: (error: IsthmusError) => void,
): () => void {
  const startMs = performance.now()
  let seen = moved()
  let seenMs = startMs
  const look = (): void => {
    const nowMs = performance.now()
    const bytes = moved()
    if (bytes !== seen) {
      seen = bytes
      seenMs = nowMs
    }
    if (nowMs - startMs >= limits.totalTimeoutMs) expire(late('totalTimeoutMs'))
    else if (nowMs - seenMs >= limits.idleTimeoutMs) expire(late('idleTimeoutMs'))
    else timer = setTimeout(look, nextLookMs(limits, nowMs - startMs))
  }
  let timer = setTimeout(look, nextLookMs(limits, 0))
  return () => clearTimeout(timer)
}

function nextLookMs({ idleTimeoutMs, totalTimeoutMs }: ExchangeLimits, passedMs: number): number {
  return Math.max(1, Math.min(idleTimeoutMs / 4, totalTimeoutMs - passedMs))
}

function late(limit: keyof ExchangeLimits): IsthmusError {
  return new IsthmusError('UPSTREAM_TIMEOUT', `the exchange took longer than ${limit} allows`, {
    details: { limit },
  })
}
