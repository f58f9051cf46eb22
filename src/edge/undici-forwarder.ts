import { Pool, type Dispatcher } from 'undici'
import { errorCode, type IsthmusError } from '../kernel/errors.ts'
import { authority, type Endpoint } from './endpoint.ts'
import { fieldLines, type Exchange } from './exchange.ts'
import { brokenOff, connectionLate, connectionRefused, unsayable } from './forward.ts'
import type { Forwarder, ForwarderOptions } from './forward.ts'

/**
 * The usual way out: requests without a body or with a known length. undici costs about two
 * thirds of node:http's CPU a request; what it cannot say goes by {@link NodeForwarder}.
 */
export class UndiciForwarder implements Forwarder {
  readonly #pools = new Map<Endpoint, Pool>()
  readonly #options: Pool.Options

  constructor({ connectTimeoutMs }: ForwarderOptions) {
    this.#options = {
      pipelining: 1,
      // Ours watch both directions of an exchange; these would watch one.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: connectTimeoutMs, keepAlive: true },
    }
  }

  forward(exchange: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const pool = this.#pool(endpoint)
    return new Promise((resolve, reject) => {
      const answer = new Answer(exchange, signal, resolve, reject)
      const { method, target, headers, body } = exchange
      const fields = headers.flat()
      pool.dispatch({ method, path: target, headers: fields, body: body ?? null }, answer)
    })
  }

  #pool(endpoint: Endpoint): Pool {
    let pool = this.#pools.get(endpoint)
    if (!pool) {
      pool = new Pool(`http://${authority(endpoint)}`, this.#options)
      this.#pools.set(endpoint, pool)
    }
    return pool
  }

  forget(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint)
    this.#pools.delete(endpoint)
    // Graceful: resolves after what is under way. It rejects only when it is closed already.
    pool?.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }
}

/** undici's side of one exchange: hands on what comes back and settles the promise once. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange
  readonly #signal: AbortSignal
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #settled = false

  constructor(
    exchange: Exchange,
    signal: AbortSignal,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#exchange = exchange
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal.addEventListener('abort', this.#abort)
  }

  /** undici calls this when a connection is there and before the first byte is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#signal.aborted) controller.abort(aborted)
    else this.#exchange.reply.ready()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    const { method, reply } = this.#exchange
    const headers = rawLines(controller.rawHeaders)
    if (status >= 100 && status < 200) {
      reply.informational(status, headers)
      return
    }
    reply.head({ status, reason: asBytes(reason), headers })
    reply.onDrain(() => controller.resume())
    // undici takes the length of what a 304 stands for as its own and fails after this.
    if (status === 304 || method === 'HEAD') this.#finish(controller)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#exchange.reply.write(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#finish(controller)
  }

  #finish(controller: Dispatcher.DispatchController): void {
    if (this.#settled) return
    this.#exchange.reply.end(rawLines(controller.rawTrailers))
    this.#settle()
    this.#resolve()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return
    this.#settle()
    this.#reject(this.#controller === undefined ? notSent(error) : brokenOff(error))
  }

  readonly #abort = (): void => {
    if (this.#settled) return
    this.#settle()
    this.#controller?.abort(aborted)
    this.#reject(this.#signal.reason)
  }

  #settle(): void {
    this.#settled = true
    this.#signal.removeEventListener('abort', this.#abort)
  }
}

/** undici wants an error; the reason that counts is the signal's. */
const aborted = new Error('the exchange was given up')

function rawLines(raw: Dispatcher.DispatchController['rawHeaders']): ReturnType<typeof fieldLines> {
  return Array.isArray(raw) ? fieldLines(raw) : []
}

/** undici reads the reason as UTF-8; like every field it goes on byte for byte. */
function asBytes(reason: string): string {
  return Buffer.from(reason).toString('latin1')
}

function notSent(cause: Error): IsthmusError {
  switch (errorCode(cause)) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return connectionLate(cause)
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return unsayable(cause)
    default:
      return connectionRefused(cause)
  }
}
