import { Pool } from 'undici'
import { errorCode, errorMessage, IsthmusError } from '../../../src/kernel/errors.ts'
import { exchange, type Exchanged } from './exchange.ts'
import { placeOf, queryOf, tlsOf, type ConnectionOptions, type Place } from './options.ts'
import { Places } from './places.ts'
import { tlsFailure } from './tls-failures.ts'
import { constantToken, TokenFile, type TokenSource } from './token.ts'

/** Requests that are answered at once share a few connections. */
const BRIEF_CONNECTIONS = 24
const BRIEF_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 5_000

export interface HttpOptions extends ConnectionOptions {
  /**
   * Connections that blocking queries may hold at the same time. Consul may count twice as many:
   * those that were given up, by the reading before this one, as well.
   */
  readonly blockingConnections: number
}

export type Query = Readonly<Record<string, string>>

export interface Answer {
  readonly status: number
  readonly text: string
  /** X-Consul-Index, at least 1; 0 when the answer carries none. */
  readonly index: number
}

/**
 * Consul's HTTP API over two bounded pools of connections: an agent refuses a client's 201st
 * (`limits.http_max_conns_per_client`), and blocking queries must never keep the others waiting.
 */
export class ConsulHttp implements AsyncDisposable {
  readonly #brief: Pool
  readonly #blocking: Pool
  readonly #places: Places
  readonly #base: string
  readonly #isTls: boolean
  /** For what stands in a transaction, and not in the query beside it. */
  readonly place: Place
  readonly #query: Query
  readonly #token: TokenSource

  constructor({ url, blockingConnections, ...options }: HttpOptions) {
    const { origin, pathname, protocol } = new URL(url)
    this.#isTls = protocol === 'https:'
    const connect = { timeout: CONNECT_TIMEOUT_MS, ...tlsOf(options.tls) }
    this.#brief = new Pool(origin, { connections: BRIEF_CONNECTIONS, connect })
    this.#blocking = new Pool(origin, { connections: blockingConnections, connect })
    this.#places = new Places(2 * blockingConnections)
    this.#base = `${pathname.replace(/\/$/, '')}/v1`
    this.#query = queryOf(options)
    this.place = placeOf(options)
    const { token, tokenFile } = options
    this.#token = tokenFile === undefined ? constantToken(token) : new TokenFile(tokenFile)
  }

  /** Answered at once. Rejects with REGISTRY_UNAVAILABLE (retry) or REGISTRY_REFUSED. */
  async get(path: string, query: Query, signal: AbortSignal): Promise<Answer> {
    const target = { path, query, timeoutMs: BRIEF_TIMEOUT_MS }
    return accepted(path, await this.#send(this.#brief, target, signal))
  }

  /** As {@link get}; undefined when Consul has nothing under that path. */
  async find(path: string, query: Query, signal: AbortSignal): Promise<Answer | undefined> {
    const answer = await this.#send(
      this.#brief,
      { path, query, timeoutMs: BRIEF_TIMEOUT_MS },
      signal,
    )
    return answer.status === 404 ? undefined : accepted(path, answer)
  }

  /** Held open by Consul until something has changed or `waitMs` is over. */
  async wait(path: string, query: Query, waitMs: number, signal: AbortSignal): Promise<Answer> {
    // Consul adds up to a sixteenth, so that clients do not come back all at once.
    const timeoutMs = waitMs + waitMs / 16 + BRIEF_TIMEOUT_MS
    const target = { path, query: { ...query, wait: `${waitMs}ms` }, timeoutMs }
    await this.#places.take(signal)
    const startMs = performance.now()
    try {
      return accepted(path, await this.#send(this.#blocking, target, signal))
    } finally {
      if (signal.aborted) this.#places.freeIn(startMs + timeoutMs - performance.now())
      else this.#places.free()
    }
  }

  /** Whatever the status is: 409 and 413 of a transaction are for the caller to read. */
  async put(path: string, body: string, signal: AbortSignal): Promise<Answer> {
    const target = { path, query: {}, timeoutMs: BRIEF_TIMEOUT_MS, body }
    return this.#send(this.#brief, target, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#brief.destroy(), this.#blocking.destroy()])
  }

  /** A token that was replaced a moment ago gets a second try: its forerunner may be revoked. */
  async #send(pool: Pool, target: Target, signal: AbortSignal): Promise<Answer> {
    const token = await this.#token.current()
    const answer = await this.#request(pool, target, token, signal)
    if (!isRefusal(answer.status)) return answer
    this.#token.refused()
    const next = await this.#token.current()
    return next === token ? answer : this.#request(pool, target, next, signal)
  }

  async #request(
    pool: Pool,
    { path, query, timeoutMs, body }: Target,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      const { status, headers, text } = await exchange(
        pool,
        {
          path: `${this.#base}${path}?${searchOf({ ...this.#query, ...query })}`,
          method: body === undefined ? 'GET' : 'PUT',
          headers: token === undefined ? {} : { 'x-consul-token': token },
          ...(body === undefined ? {} : { body }),
          headersTimeout: timeoutMs,
          bodyTimeout: BRIEF_TIMEOUT_MS,
        },
        signal,
      )
      return { status, text, index: indexOf(headers) }
    } catch (cause) {
      signal.throwIfAborted()
      const why = tlsFailure(cause, this.#isTls) ?? errorCode(cause) ?? errorMessage(cause)
      throw unavailable(path, why, cause)
    }
  }
}

interface Target {
  readonly path: string
  readonly query: Query
  readonly timeoutMs: number
  readonly body?: string
}

function searchOf(query: Query): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.join('&')
}

function indexOf(headers: Exchanged['headers']): number {
  const index = headers['x-consul-index']
  return typeof index === 'string' && /^\d{1,15}$/.test(index) ? Math.max(1, Number(index)) : 0
}

function isRefusal(status: number): boolean {
  return status === 401 || status === 403
}

function accepted(path: string, answer: Answer): Answer {
  if (answer.status === 200) return answer
  throw statusError(path, answer)
}

/** What Go's HTTP server says, with a 400, to who does not begin with a TLS handshake. */
const PLAIN_TO_TLS = 'Client sent an HTTP request to an HTTPS server'

/** What an answer other than 200 means. All of it may pass: a token is restored, or replaced. */
export function statusError(path: string, { status, text }: Answer): IsthmusError {
  const said = text.slice(0, 200)
  if (isRefusal(status)) {
    const options = { retry: true, details: { path, status, said } }
    return new IsthmusError('REGISTRY_REFUSED', `Consul refuses the token: ${said}`, options)
  }
  if (said.startsWith(PLAIN_TO_TLS)) {
    return unavailable(path, 'it speaks TLS on this port: begin url with https://', said)
  }
  return unavailable(path, `status ${status}`, said)
}

export function unavailable(path: string, reason: string, cause?: unknown): IsthmusError {
  const details = { path, reason }
  const options = { retry: true, details, cause }
  return new IsthmusError('REGISTRY_UNAVAILABLE', `Consul cannot be used: ${reason}`, options)
}
