import type { Endpoint } from './endpoint.ts'
import { fieldValue, type Exchange } from './exchange.ts'
import type { Forwarder, ForwarderOptions } from './forward.ts'
import { NodeForwarder } from './node-forwarder.ts'
import { UndiciForwarder } from './undici-forwarder.ts'

/** The forwarder of HTTP/1.1: each exchange by the client that can say all of it. */
export class HttpForwarder implements Forwarder {
  readonly #usual: Forwarder
  readonly #exact: Forwarder

  constructor(options: ForwarderOptions) {
    this.#usual = new UndiciForwarder(options)
    this.#exact = new NodeForwarder(options)
  }

  forward(exchange: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const chunked = exchange.body && fieldValue(exchange.headers, 'content-length') === undefined
    const forwarder = chunked || exchange.target === '*' ? this.#exact : this.#usual
    return forwarder.forward(exchange, endpoint, signal)
  }

  forget(endpoint: Endpoint): void {
    this.#usual.forget(endpoint)
    this.#exact.forget(endpoint)
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#exact.close()])
  }
}
