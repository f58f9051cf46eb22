export interface Backoff {
  readonly firstMs: number
  readonly longestMs: number
}

/**
 * The pause after `failures` (0 is the first) failures: doubling, never above `longestMs`, and
 * between half and whole of that at random, so that many who failed together do not return
 * together.
 */
export function backoffMs(failures: number, { firstMs, longestMs }: Backoff): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30))
  return wholeMs * (0.5 + Math.random() / 2)
}
