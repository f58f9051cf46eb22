import { once } from 'node:events'
import { createServer } from 'node:http'
import { happens } from './within.ts'

/** A request as it came in. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly contentType: string
  readonly body: Buffer
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly Received[]
}

/** An HTTP server that keeps what it is sent and answers 202. */
export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const contentType = headers['content-type'] ?? ''
      requests.push({ method, url, contentType, body: Buffer.concat(chunks) })
      response.writeHead(202).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = happens('the server closes', server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
