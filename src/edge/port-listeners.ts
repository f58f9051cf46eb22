import { createServer, type Server, type Socket } from 'node:net'
import { errorCode, IsthmusError } from '../kernel/errors.ts'

/**
 * The ports that are open. A port is one bare net.Server that hands its connections on: 20,000 of
 * them cost file descriptors and little else.
 */
export class PortListeners {
  readonly #host: string
  readonly #servers = new Map<number, Server>()

  constructor(host: string) {
    this.#host = host
  }

  has(port: number): boolean {
    return this.#servers.has(port)
  }

  /**
   * Resolves once `port` accepts. Rejects with LISTEN_FAILED; `retry` is true when something else
   * uses the port now and may leave it.
   */
  async open(port: number, accept: (socket: Socket) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenFailed(port, cause)))
      server.listen({ host: this.#host, port }, resolve)
    })
    // After this an error is about one connection that could not be accepted; the port stays open.
    server.removeAllListeners('error').on('error', () => undefined)
    this.#servers.set(port, server)
  }

  /** No new connections; those that were accepted live on. The port can be opened again at once. */
  close(port: number): void {
    this.#servers.get(port)?.close()
    this.#servers.delete(port)
  }

  closeAll(): void {
    for (const port of [...this.#servers.keys()]) this.close(port)
  }
}

function listenFailed(port: number, cause: unknown): IsthmusError {
  const code = errorCode(cause)
  return new IsthmusError('LISTEN_FAILED', 'the port cannot be opened', {
    retry: code === 'EADDRINUSE',
    details: { port, cause: code },
    cause,
  })
}
