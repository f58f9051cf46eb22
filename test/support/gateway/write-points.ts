import { once } from 'node:events'
import { createServer as createHttpServer, request, type Server as HttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { frames } from './jute-frames.ts'

/** Whether the registry has heard of a write when it is struck. */
export type Moment = 'before' | 'after'

interface Strike {
  readonly nth: number
  readonly moment: Moment
  readonly hit: () => void
}

/** jute: create, delete, setData, multi, create2, createContainer. */
const ZOOKEEPER_WRITES = new Set([1, 2, 5, 14, 15, 19])

/**
 * Proxies before both registries that count the writes of whoever uses them, and strike at one of
 * them: before it is passed on, which it then never is, or after it was done and before the answer
 * is passed back, which it then never is either.
 */
export class WritePoints implements AsyncDisposable {
  readonly #life = new Lifetime()
  #writes = 0
  #strike: Strike | undefined
  #struck = false
  #zookeeper = ''
  #consul = ''

  static async before(targets: {
    readonly zookeeper: string
    readonly consul: string
  }): Promise<WritePoints> {
    const points = new WritePoints()
    points.#zookeeper = `127.0.0.1:${await points.#listen(points.#jute(targets.zookeeper))}`
    points.#consul = `http://127.0.0.1:${await points.#listen(points.#http(targets.consul))}`
    return points
  }

  get addresses(): { readonly zookeeper: string; readonly consul: string } {
    return { zookeeper: this.#zookeeper, consul: this.#consul }
  }

  /** Writes since the last {@link begin}. */
  get writes(): number {
    return this.#writes
  }

  /** Counts anew, and calls `hit` once, at the n-th write from now on. */
  begin(strike?: Strike): void {
    this.#writes = 0
    this.#struck = false
    this.#strike = strike
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  /** What happens to one more write: what is struck is cut off, and so is all that comes after it. */
  #write(): Moment | 'cut' | undefined {
    if (this.#struck) return 'cut'
    this.#writes += 1
    if (this.#writes !== this.#strike?.nth) return undefined
    const { moment } = this.#strike
    if (moment === 'before') this.#hit()
    return moment
  }

  #hit(): void {
    this.#struck = true
    this.#strike?.hit()
  }

  async #listen(server: Server | HttpServer): Promise<number> {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#life.defer(() => {
      server.close()
    })
    const address: AddressInfo | string | null = server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return address.port
  }

  #http(target: string): HttpServer {
    const { hostname, port } = new URL(target)
    const server = createHttpServer((near, answer) => {
      const { method, headers, url: path } = near
      const fate = method === 'GET' ? undefined : this.#write()
      if (fate === 'before' || fate === 'cut') {
        near.destroy()
        return
      }
      const far = request({ hostname, port, path, method, headers }, (reply) => {
        if (fate === 'after') {
          this.#hit()
          near.destroy()
          return
        }
        answer.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(answer)
      })
      far.on('error', () => answer.destroy())
      answer.on('close', () => far.destroy())
      near.pipe(far)
    })
    this.#life.defer(() => server.closeAllConnections())
    return server
  }

  #jute(target: string): Server {
    const [host = '', port = ''] = target.split(':')
    return createServer((near) => {
      const far = connect({ host, port: Number(port) })
      /** The xid whose answer is not to come back. */
      let awaited: number | undefined
      let isFirst = true
      const toServer = frames((frame) => {
        const isWrite = !isFirst && ZOOKEEPER_WRITES.has(frame.readInt32BE(8))
        isFirst = false // the handshake has neither xid nor type
        const fate = isWrite ? this.#write() : undefined
        if (fate === 'before' || fate === 'cut') near.destroy()
        else far.write(frame)
        if (fate === 'after') awaited = frame.readInt32BE(4)
      })
      const toClient = frames((frame) => {
        if (awaited !== undefined && frame.readInt32BE(4) === awaited) {
          this.#hit()
          near.destroy()
        } else near.write(frame)
      })
      near.on('data', toServer)
      far.on('data', toClient)
      this.#join(near, far)
    })
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => one.destroy())
      one.on('close', () => other.destroy())
    }
    this.#life.defer(() => {
      near.destroy()
    })
  }
}
