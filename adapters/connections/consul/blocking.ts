import { IsthmusError } from '../../../src/kernel/errors.ts'
import { unavailable, type Answer, type ConsulHttp, type Query } from './http.ts'
import { TokenBucket } from './token-bucket.ts'

const LONGEST_WAIT_MS = 600_000
const BURST = 2
const EVERY_MS = 100

export interface Following {
  /** What is newer than this is waited for. */
  readonly index: number
  readonly waitMs: () => number
  /** Beside `index`. */
  readonly query?: Query
  /** Asked after each wait that brought nothing new; without it the query goes on for ever. */
  readonly goesOn?: () => boolean
  /**
   * How many ms shall lie between two queries on average: asked when an answer has been taken, kept
   * until the next one. 100 without it.
   */
  readonly paceMs?: (answer: Answer) => number
  /** Awaited before each query. */
  readonly ready?: () => Promise<void>
}

/**
 * Asks again and again and yields each answer that is newer than the one before; ends by throwing,
 * or quietly when it does not go on.
 * The rules of blocking queries: an index is at least 1, an answer need not mean a change, no
 * more than a burst of two and then so many a second, ten if nothing else is said. An index that goes backwards says that Consul
 * has lost its history: then everything has to be read anew, so it is an error of this query.
 * https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export async function* follow(
  http: ConsulHttp,
  path: string,
  following: Following,
  signal: AbortSignal,
): AsyncGenerator<Answer, void, undefined> {
  const bucket = new TokenBucket(BURST, EVERY_MS)
  let { index } = following
  for (;;) {
    await bucket.take(signal)
    await following.ready?.()
    const waitMs = Math.min(following.waitMs(), LONGEST_WAIT_MS)
    const answer = await http.wait(
      path,
      { ...following.query, index: String(index) },
      waitMs,
      signal,
    )
    if (answer.index === 0) throw unavailable(path, 'its answer has no index')
    if (answer.index < index) throw lostHistory(path, index, answer.index)
    if (answer.index === index) {
      if (following.goesOn?.() === false) return
      continue
    }
    index = answer.index
    yield answer
    if (following.paceMs) bucket.pace(following.paceMs(answer))
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
