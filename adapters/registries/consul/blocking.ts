import { IsthmusError } from '../../../src/kernel/errors.ts'
import { unavailable, type Answer, type ConsulHttp } from './http.ts'
import { TokenBucket } from './token-bucket.ts'

const LONGEST_WAIT_MS = 600_000
const BURST = 2
const EVERY_MS = 100

/**
 * Asks again and again and yields each answer that is newer than `index`; ends only by throwing.
 * The rules of blocking queries: an index is at least 1, an answer need not mean a change, no
 * more than a burst of two and then ten a second. An index that goes backwards says that Consul
 * has lost its history: then everything has to be read anew, so it is an error of this query.
 * https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export async function* follow(
  http: ConsulHttp,
  path: string,
  start: { readonly index: number; readonly waitMs: number },
  signal: AbortSignal,
): AsyncGenerator<Answer, never, undefined> {
  const bucket = new TokenBucket(BURST, EVERY_MS)
  const waitMs = Math.min(start.waitMs, LONGEST_WAIT_MS)
  let index = start.index
  for (;;) {
    await bucket.take(signal)
    const answer = await http.wait(path, { index: String(index) }, waitMs, signal)
    if (answer.index === 0) throw unavailable(path, 'its answer has no index')
    if (answer.index < index) throw lostHistory(path, index, answer.index)
    if (answer.index === index) continue
    index = answer.index
    yield answer
  }
}

/** Whether the error says that Consul's index went backwards: nothing read before it holds. */
export function hasLostHistory(error: unknown): boolean {
  return error instanceof IsthmusError && error.details['lostHistory'] === true
}

function lostHistory(path: string, from: number, to: number): IsthmusError {
  const details = { path, from, to, lostHistory: true }
  const message = `Consul cannot be used: its index went back from ${from} to ${to}`
  return new IsthmusError('REGISTRY_UNAVAILABLE', message, { retry: true, details })
}
