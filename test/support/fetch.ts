import { PATIENCE_MS } from './within.ts'

/**
 * The global one with a limit, which it lacks: an answer whose end does not come would be waited
 * for for five minutes. Fails with method and URL, also while the body is read.
 */
export async function fetch(
  url: string | URL,
  request: RequestInit = {},
  limitMs = PATIENCE_MS,
): Promise<Response> {
  const { method = 'GET', signal } = request
  const late = new AbortController()
  const reason = new Error(`not within ${limitMs} ms: the answer to ${method} ${String(url)}`)
  setTimeout(() => late.abort(reason), limitMs).unref()
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
  return await globalThis.fetch(url, { ...request, signal: either })
}
