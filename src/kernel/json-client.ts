import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { IsthmusError, errorCode, errorMessage } from './errors.ts'
import type { ErrorCode } from './errors.ts'
import { timeLimit } from './time-limit.ts'

export interface JsonClientOptions {
  /** Base URL; its path is kept before the path of every request. */
  readonly url: string
  /** For one whole answer. */
  readonly timeoutMs: number
  /** Requests under way at the same time; more wait. */
  readonly connections: number
  /** An answer longer than this is refused. */
  readonly maxBytes: number
  /** Codes of what goes wrong: `unavailable` may pass, `refused` will not. */
  readonly codes: { readonly unavailable: ErrorCode; readonly refused: ErrorCode }
}

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** Reads JSON from one HTTP server. */
export class JsonClient implements AsyncDisposable {
  readonly #options: JsonClientOptions
  readonly #base: URL
  readonly #pool: Pool

  constructor(options: JsonClientOptions) {
    this.#options = options
    this.#base = new URL(options.url)
    this.#pool = new Pool(this.#base.origin, { connections: options.connections, pipelining: 1 })
  }

  /**
   * The parsed body; undefined for 404. `unavailable` (retry) when the server cannot be reached,
   * takes too long or answers 429 or 5xx; `refused` for any other status, a body that is too long
   * or no JSON. Rejects with the reason of `signal` when that aborts.
   */
  async get(path: string, parameters: Parameters, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted()
    const target = this.#target(path, parameters)
    const limit = timeLimit(this.#options.timeoutMs)
    try {
      const answer = await this.#pool.request({
        path: target,
        method: 'GET',
        headers: { accept: 'application/json' },
        signal: AbortSignal.any([signal, limit]),
      })
      return this.#read(target, answer.statusCode, await this.#text(answer.body))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof IsthmusError) throw error
      throw this.#failure('unavailable', target, limit.aborted ? 'took too long' : error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  #target(path: string, parameters: Parameters): string {
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base)
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return url.pathname + url.search
  }

  async #text(body: Dispatcher.ResponseData['body']): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > this.#options.maxBytes) {
        throw this.#failure(
          'refused',
          '',
          `the answer is longer than ${this.#options.maxBytes} bytes`,
        )
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  }

  #read(target: string, status: number, text: string): unknown {
    if (status === 404) return undefined
    if (status === 429 || status >= 500)
      throw this.#failure('unavailable', target, { status, text })
    if (status < 200 || status > 299) throw this.#failure('refused', target, { status, text })
    try {
      return JSON.parse(text)
    } catch {
      throw this.#failure('refused', target, 'the answer is not JSON')
    }
  }

  #failure(kind: 'unavailable' | 'refused', target: string, cause: unknown): IsthmusError {
    const code = this.#options.codes[kind]
    const message = kind === 'refused' ? 'the server refused' : 'the server does not answer'
    const details = { url: this.#base.origin + target, ...reasonOf(cause) }
    return new IsthmusError(code, message, { retry: kind === 'unavailable', details, cause })
  }
}

/** Enough of what the server said for a person to know what to do. */
const MAX_TEXT = 500

function reasonOf(cause: unknown): Readonly<Record<string, unknown>> {
  if (typeof cause === 'string') return { reason: cause }
  if (typeof cause === 'object' && cause !== null && 'status' in cause && 'text' in cause) {
    return { status: cause.status, reason: String(cause.text).slice(0, MAX_TEXT) }
  }
  return { reason: errorMessage(cause), cause: errorCode(cause) }
}
