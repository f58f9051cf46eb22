import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { happens } from './within.ts'

export interface Answer {
  readonly status: number
  /** Sent as JSON, a text as it is. */
  readonly body: unknown
}

export interface JsonServer extends AsyncDisposable {
  readonly url: string
  /** Paths with their queries, in the order in which they were asked for. */
  readonly asked: readonly string[]
}

/** A real HTTP server on a free port of the loopback that answers what `answer` says. */
export async function startJsonServer(
  answer: (url: URL) => Promise<Answer> | Answer,
): Promise<JsonServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    asked.push(url.pathname + url.search)
    void Promise.resolve(answer(url)).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await happens('the server closes', server, 'close')
    },
  }
}
