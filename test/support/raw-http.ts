import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { eventually } from './eventually.ts'
import { happens, PATIENCE_MS } from './within.ts'

/** A bare TCP server: what an endpoint really received, and answers to the byte. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** Everything received, a text per connection, in order of their coming. */
  readonly received: readonly string[]
  readonly sockets: readonly Socket[]
}

export async function rawServer(
  onData: (socket: Socket, soFar: string) => void,
  onConnect: (socket: Socket) => void = () => undefined,
): Promise<RawServer> {
  const received: string[] = []
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const index = received.push('') - 1
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const soFar = `${received[index] ?? ''}${chunk.toString('latin1')}`
      received[index] = soFar
      onData(socket, soFar)
    })
    onConnect(socket)
  })
  return { port: await listen(server), received, sockets, ...disposal(server, sockets) }
}

/** Answers each complete request head with `answer`. */
export function answering(answer: string): Promise<RawServer> {
  return rawServer((socket, soFar) => {
    if (soFar.endsWith('\r\n\r\n')) socket.write(answer, 'latin1')
  })
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export function disposal(server: Server, sockets: readonly Socket[] = []): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      if (server.listening) await happens('the server closes', server, 'close')
    },
  }
}

/** A port that refuses connections. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await disposal(server)[Symbol.asyncDispose]()
  return port
}

/** A bare TCP client. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  text = ''
  /** How the other side ended it; undefined while open. */
  ended: 'end' | 'reset' | undefined

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.on('data', (chunk) => (this.text += chunk.toString('latin1')))
    this.socket.on('end', () => (this.ended ??= 'end'))
    this.socket.on('error', () => (this.ended ??= 'reset'))
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    return Promise.resolve()
  }
}

/** Sends `request` and gives back all that came until the other side closed. */
export async function rawCall(port: number, request: string): Promise<string> {
  await using client = new RawClient(port).send(request)
  await until(() => client.ended !== undefined)
  return client.text
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean): Promise<void> {
  await eventually(String(condition), condition, PATIENCE_MS)
}
