import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { happens } from './within.ts'

/** A TCP proxy before a server, that can do to a connection what a bad network does. */
export interface TearingProxy extends AsyncDisposable {
  /** `host:port` to connect to. */
  readonly address: string
  /** Cuts every connection now and carries new ones to another server. */
  passTo(target: string): void
  /** Connections accepted until now. */
  accepted(): number
  /** Cuts every connection after `bytes` more bytes from the server, in the middle of a reply. */
  tearAfter(bytes: number): void
  /** Accepts connections and answers nothing, as a hung server does; or passes again. */
  holdAll(held: boolean): void
  /** Cuts every connection now and refuses new ones; or accepts again. */
  cut(down: boolean): void
  /** Keeps back what the server says, and lets it through later, in order; nothing is cut. */
  mute(muted: boolean): void
}

export async function tearingProxy(target: string): Promise<TearingProxy> {
  const proxy = new Proxying(target)
  await proxy.listen()
  return proxy
}

class Proxying implements TearingProxy {
  #target = { host: '', port: 0 }
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((near) => this.#carry(near))
  #tear = Infinity
  #held = false
  #down = false
  #muted = false
  #accepted = 0
  readonly #fars = new Set<Socket>()

  constructor(target: string) {
    this.passTo(target)
  }

  passTo(target: string): void {
    const [host = '', port = ''] = target.split(':')
    this.#target = { host, port: Number(port) }
    this.#endAll()
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return `127.0.0.1:${address.port}`
  }

  accepted(): number {
    return this.#accepted
  }

  tearAfter(bytes: number): void {
    this.#tear = bytes
  }

  holdAll(held: boolean): void {
    this.#held = held
    this.#endAll()
  }

  cut(down: boolean): void {
    this.#down = down
    this.#endAll()
  }

  mute(muted: boolean): void {
    this.#muted = muted
    for (const far of this.#fars) {
      if (muted) far.pause()
      else far.resume()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll()
    this.#server.close()
    await happens('the proxy closes', this.#server, 'close')
  }

  #endAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #carry(near: Socket): void {
    this.#accepted++
    this.#keep(near)
    if (this.#down) return void near.destroy()
    if (this.#held) return
    const far = connect(this.#target)
    this.#keep(far)
    this.#fars.add(far)
    far.on('close', () => this.#fars.delete(far))
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      near.write(bytes.subarray(0, this.#tear))
      this.#tear -= bytes.length
      if (this.#tear > 0) return
      this.#tear = Infinity
      near.end(() => far.destroy())
    })
    if (this.#muted) far.pause()
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
