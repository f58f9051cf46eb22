import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { happens } from './within.ts'

/** What to do to one answer of Consul on its way; undefined lets it pass as it is. */
export type Tampering = (path: string) => Tampered | undefined

interface Tampered {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An HTTP proxy before a real Consul that answers in its stead when told to. */
export interface ConsulProxy extends AsyncDisposable {
  readonly address: string
  /** How many of the requests until now were for a path that begins so. */
  requests(path: string): number
  tamper(tampering: Tampering | undefined): void
}

export async function consulProxy(target: string): Promise<ConsulProxy> {
  const proxy = new Proxying(target)
  await proxy.listen()
  return proxy
}

class Proxying implements ConsulProxy {
  readonly #target: URL
  readonly #paths: string[] = []
  readonly #server = createServer((near, answer) => this.#carry(near, answer))
  #tampering: Tampering | undefined

  constructor(target: string) {
    this.#target = new URL(target)
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return `http://127.0.0.1:${address.port}`
  }

  requests(path: string): number {
    return this.#paths.filter((one) => one.startsWith(path)).length
  }

  tamper(tampering: Tampering | undefined): void {
    this.#tampering = tampering
    this.#server.closeAllConnections() // those that wait come back and meet it
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await happens('the proxy closes', this.#server, 'close')
  }

  #carry(near: IncomingMessage, answer: ServerResponse): void {
    const path = near.url ?? '/'
    this.#paths.push(path)
    const tampered = this.#tampering?.(path)
    if (tampered?.status !== undefined || tampered?.body !== undefined) {
      near.resume()
      answer.writeHead(tampered.status ?? 200, { 'x-consul-index': '5', ...tampered.headers })
      answer.end(tampered.body ?? '')
      return
    }
    const { hostname, port } = this.#target
    const { method, headers } = near
    const far = request({ hostname, port, path, method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, { ...reply.headers, ...tampered?.headers })
      reply.pipe(answer)
    })
    far.on('error', () => answer.destroy())
    answer.on('close', () => far.destroy())
    near.pipe(far)
  }
}
