import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { HeaderList } from '../../trace-converter/context/model.ts'
import { fieldLines, fieldPairs, type Exchange, type Reply, type ResponseHead } from './exchange.ts'
import type { RequestHead } from './request-head.ts'

/** An exchange over node:http's server side. `head` is what of the request goes on. */
export function serverExchange(
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
): Exchange {
  return {
    method: request.method ?? 'GET',
    ...head,
    ...(hasBody(request) ? { body: new CallerBody(request) } : {}),
    trailers: () => fieldLines(request.rawTrailers),
    caller: () => callerOf(request),
    moved: () => request.socket.bytesRead + request.socket.bytesWritten,
    onGone: (listener) => {
      response.once('close', () => {
        if (!response.writableFinished) listener()
      })
    },
    reply: new ServerReply(request, response),
  }
}

function callerOf({ socket }: IncomingMessage): ReturnType<Exchange['caller']> {
  const { remoteAddress: host, remotePort: port } = socket
  return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * The body of a request, apart from its connection: destroying it discards what is still to come,
 * so that an early answer reaches the caller. A broken message closes it without an end.
 */
class CallerBody extends Readable {
  readonly #request: IncomingMessage
  #begun = false

  constructor(request: IncomingMessage) {
    super({ highWaterMark: 65_536 })
    this.#request = request
    // An error of a broken request is told by `close`; unheard it would end the process.
    request.on('error', () => undefined)
    request.once('close', () => {
      if (!request.complete) this.destroy()
    })
  }

  override _read(): void {
    if (this.#begun) this.#request.resume()
    else this.#begin()
  }

  #begin(): void {
    this.#begun = true
    this.#request.on('data', (chunk) => {
      if (!this.destroyed && !this.push(chunk)) this.#request.pause()
    })
    this.#request.once('end', () => {
      if (!this.destroyed) this.push(null)
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.resume()
    callback(error)
  }
}

export class ServerReply implements Reply {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** The caller waits for `100 Continue`. */
  #awaited: boolean

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
    this.#awaited = request.headers.expect?.toLowerCase() === '100-continue'
  }

  ready(): void {
    if (!this.#awaited || this.#response.headersSent) return
    this.#awaited = false
    this.#response.writeContinue()
  }

  informational(status: number, headers: HeaderList): void {
    // node writes only 103 with a `Link` of its own grammar; and HTTP/1.0 knows no 1xx.
    const { socket, headersSent } = this.#response
    if (!socket || headersSent || this.#request.httpVersionMinor === 0) return
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`HTTP/1.1 ${status} \r\n${lines}\r\n`, 'latin1')
  }

  head({ status, reason, headers }: ResponseHead): void {
    // Nobody knows whether the body of a refused expectation still comes: no request after it.
    const fields = this.#awaited ? [...headers, ['Connection', 'close'] as const] : headers
    this.#response.writeHead(status, reason, fields.flat())
    // A head without a body yet must not wait for it; with one, both go in one write.
    queueMicrotask(() => {
      if (!this.#response.writableEnded) this.#response.flushHeaders()
    })
  }

  write(chunk: Uint8Array): boolean {
    return this.#response.write(chunk)
  }

  onDrain(resume: () => void): void {
    this.#response.on('drain', resume)
  }

  end(trailers: HeaderList): void {
    if (trailers.length > 0) this.#response.addTrailers(fieldPairs(trailers))
    this.#response.end()
  }

  cut(): void {
    this.#response.destroy()
  }
}
