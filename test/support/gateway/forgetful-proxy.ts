import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { frames } from './jute-frames.ts'
import { happens } from '../within.ts'

/** The number that ZooKeeper gives to what it tells unasked: that a watch has fired. */
const NOTIFICATION = -1

/** Before a ZooKeeper; loses notifications of watches when told to, and nothing else. */
export class ForgetfulProxy implements AsyncDisposable {
  readonly #server = createServer((near) => this.#carry(near))
  readonly #sockets = new Set<Socket>()
  readonly #target: { readonly host: string; readonly port: number }
  #forgets = false
  #forgotten = 0

  private constructor(target: string) {
    const [host = '', port = ''] = target.split(':')
    this.#target = { host, port: Number(port) }
  }

  static async before(target: string): Promise<ForgetfulProxy> {
    const proxy = new ForgetfulProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return `127.0.0.1:${address.port}`
  }

  /** Notifications that were lost until now. */
  get forgotten(): number {
    return this.#forgotten
  }

  forget(forgets: boolean): void {
    this.#forgets = forgets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await happens('the proxy closes', this.#server, 'close')
  }

  #carry(near: Socket): void {
    const far = connect(this.#target)
    let isFirst = true
    const toClient = frames((frame) => {
      const isNotification = !isFirst && frame.readInt32BE(4) === NOTIFICATION
      isFirst = false // the handshake has no number
      if (isNotification && this.#forgets) this.#forgotten += 1
      else near.write(frame)
    })
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', toClient)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}
