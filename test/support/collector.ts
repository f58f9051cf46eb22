import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Received } from './receiver.ts'
import { happens } from './within.ts'

/** What a collector does with a request that it has read whole. */
export type Behaviour = (response: ServerResponse) => void

export const accepts: Behaviour = (response) => void response.writeHead(202).end()
export const fails: Behaviour = (response) => void response.writeHead(500).end('no')
/** Takes the request and says nothing, ever. */
export const hangs: Behaviour = () => undefined
/** Says that it took the spans and never ends the answer. */
export const dribbles: Behaviour = (response) => void response.writeHead(200).write('x')

/** A collector of spans over HTTP whose behaviour can be changed under way. */
export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly Received[]
  behave(behaviour: Behaviour): void
  connections(): Promise<number>
}

export async function startCollector(first: Behaviour): Promise<Collector> {
  const requests: Received[] = []
  let behaviour = first
  const server = createServer((request, response) => {
    void readAll(request).then((received) => {
      requests.push(received)
      behaviour(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    behave: (next) => (behaviour = next),
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = happens('the server closes', server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function readAll(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(request, 'end')
  const { method = '', url = '', headers } = request
  return { method, url, contentType: headers['content-type'] ?? '', body: Buffer.concat(chunks) }
}
