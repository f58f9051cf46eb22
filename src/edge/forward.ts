import { errorCode, IsthmusError } from '../kernel/errors.ts'
import type { Endpoint } from './endpoint.ts'
import type { Exchange } from './exchange.ts'

/** Carries one exchange to one endpoint and back. */
export interface Forwarder {
  /**
   * Streams the request out and the answer into `exchange.reply`, both with back-pressure.
   * Resolves once the reply has been ended. Rejects with
   * - UPSTREAM_REFUSED or UPSTREAM_TIMEOUT with `retry: true`: no byte was sent and the body was
   *   not touched, another endpoint may be tried;
   * - UPSTREAM_RESET: the connection broke after something may have been sent;
   * - REQUEST_INVALID: this cannot be said in HTTP/1.1;
   * - the reason of `signal` once that aborts: the connection is then closed, not reused.
   * A rejection after `reply.head` leaves the reply open: the caller of this cuts it.
   */
  forward(exchange: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<void>
  /** In no route any more: idle connections are closed, what is under way goes on. */
  forget(endpoint: Endpoint): void
  /** Closes every connection, also those in use. */
  close(): Promise<void>
}

export interface ForwarderOptions {
  readonly connectTimeoutMs: number
}

export function connectionRefused(cause: unknown): IsthmusError {
  const options = { retry: true, ...because(cause) }
  return new IsthmusError('UPSTREAM_REFUSED', 'the endpoint refused the connection', options)
}

export function connectionLate(cause?: unknown): IsthmusError {
  const options = { retry: true, ...because(cause) }
  return new IsthmusError('UPSTREAM_TIMEOUT', 'the endpoint did not take the connection', options)
}

export function brokenOff(cause: unknown): IsthmusError {
  return new IsthmusError('UPSTREAM_RESET', 'the endpoint broke the exchange off', because(cause))
}

export function unsayable(cause: unknown): IsthmusError {
  return new IsthmusError('REQUEST_INVALID', 'HTTP/1.1 cannot say this request', because(cause))
}

function because(cause: unknown): { details: { cause: string }; cause: unknown } {
  return { details: { cause: errorCode(cause) ?? 'unknown' }, cause }
}
