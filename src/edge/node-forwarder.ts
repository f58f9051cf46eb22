import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Endpoint } from './endpoint.ts'
import { fieldLines, fieldPairs, type Exchange } from './exchange.ts'
import { brokenOff, connectionLate, connectionRefused, unsayable } from './forward.ts'
import type { Forwarder, ForwarderOptions } from './forward.ts'

/** As long as undici keeps an idle connection: shorter than usual servers do. */
const IDLE_CONNECTION_MS = 4_000

/**
 * The way out for what undici cannot say: chunked bodies, whose head must go before their first
 * chunk and whose trailers must follow their last, and `OPTIONS *`.
 */
export class NodeForwarder implements Forwarder {
  readonly #agents = new Map<Endpoint, Agent>()
  readonly #connectTimeoutMs: number

  constructor({ connectTimeoutMs }: ForwarderOptions) {
    this.#connectTimeoutMs = connectTimeoutMs
  }

  forward(exchange: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      new Call(exchange, this.#connectTimeoutMs, signal, resolve, reject).begin(() =>
        this.#request(exchange, endpoint),
      )
    })
  }

  #request({ method, target, headers, body }: Exchange, endpoint: Endpoint): ClientRequest {
    const { host, port } = endpoint
    const fields = [...headers.flat(), ...(body ? ['Transfer-Encoding', 'chunked'] : [])]
    const agent = this.#agent(endpoint)
    return request({ agent, host, port, method, path: target, headers: fields })
  }

  #agent(endpoint: Endpoint): Agent {
    let agent = this.#agents.get(endpoint)
    if (!agent) {
      agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: IDLE_CONNECTION_MS })
      this.#agents.set(endpoint, agent)
    }
    return agent
  }

  forget(endpoint: Endpoint): void {
    const idle = Object.values(this.#agents.get(endpoint)?.freeSockets ?? {})
    this.#agents.delete(endpoint)
    for (const socket of idle.flat()) socket?.destroy()
  }

  close(): Promise<void> {
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
    return Promise.resolve()
  }
}

/** node:http's side of one exchange: hands on what comes back and settles the promise once. */
class Call {
  readonly #exchange: Exchange
  readonly #connectTimeoutMs: number
  readonly #signal: AbortSignal
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  #request: ClientRequest | undefined
  #sent = false
  #settled = false

  constructor(
    exchange: Exchange,
    connectTimeoutMs: number,
    signal: AbortSignal,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#exchange = exchange
    this.#connectTimeoutMs = connectTimeoutMs
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(open: () => ClientRequest): void {
    try {
      this.#request = open()
    } catch (error) {
      this.#reject(unsayable(error))
      return
    }
    this.#signal.addEventListener('abort', this.#abort)
    this.#request.on('error', this.#fail)
    this.#request.once('socket', (socket) => this.#connect(socket))
    this.#request.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode > 101) this.#exchange.reply.informational(statusCode, fieldLines(rawHeaders))
    })
    this.#request.once('response', (response) => this.#answer(response))
    this.#request.once('upgrade', (_response, socket) => {
      socket.destroy()
      this.#fail(new Error('an upgrade that nobody asked for'))
    })
    if (this.#signal.aborted) this.#abort()
  }

  #connect(socket: Socket): void {
    if (!socket.connecting) {
      this.#send()
      return
    }
    const late = setTimeout(() => this.#giveUp(connectionLate()), this.#connectTimeoutMs)
    socket.once('close', () => clearTimeout(late))
    socket.once('connect', () => {
      clearTimeout(late)
      this.#send()
    })
  }

  #send(): void {
    const call = this.#request
    if (!call || this.#settled) return
    const { body, reply } = this.#exchange
    this.#sent = true
    reply.ready()
    call.flushHeaders()
    if (!body) {
      call.end()
      return
    }
    call.on('drain', () => body.resume())
    body.on('data', (chunk: Buffer) => {
      if (!call.write(chunk)) body.pause()
    })
    body.once('end', () => {
      call.addTrailers(fieldPairs(this.#exchange.trailers()))
      call.end()
    })
  }

  #answer(response: IncomingMessage): void {
    const { reply } = this.#exchange
    const { statusCode = 502, statusMessage = '', rawHeaders } = response
    try {
      reply.head({ status: statusCode, reason: statusMessage, headers: fieldLines(rawHeaders) })
    } catch (error) {
      // node reads heads that it refuses to write (status 099); thrown here it would end the process.
      this.#fail(error)
      return
    }
    reply.onDrain(() => response.resume())
    response.on('error', this.#fail)
    response.on('data', (chunk: Buffer) => {
      if (!reply.write(chunk)) response.pause()
    })
    response.once('end', () => {
      if (this.#settled) return
      reply.end(fieldLines(response.rawTrailers))
      this.#settle()
      // Answered before all was said: what is half said cannot be followed by another request.
      if (!this.#request?.writableFinished) this.#request?.destroy()
      this.#resolve()
    })
  }

  readonly #fail = (error: unknown): void => {
    this.#giveUp(this.#sent ? brokenOff(error) : connectionRefused(error))
  }

  readonly #abort = (): void => this.#giveUp(this.#signal.reason)

  #giveUp(reason: unknown): void {
    if (this.#settled) return
    this.#settle()
    this.#request?.destroy()
    this.#reject(reason)
  }

  #settle(): void {
    this.#settled = true
    this.#signal.removeEventListener('abort', this.#abort)
    if (this.#sent) this.#exchange.body?.destroy()
  }
}
