/**
 * Aborts with a TimeoutError after `limitMs`, as `AbortSignal.timeout` does, and surely: that one is
 * kept by whoever listens to it, but `AbortSignal.any` does not count as such. Joined with another
 * signal it was collected before its time, and what it should have ended went on for ever.
 */
export function timeLimit(limitMs: number): AbortSignal {
  const limit = new AbortController()
  const end = (): void =>
    limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  setTimeout(end, limitMs).unref()
  return limit.signal
}
