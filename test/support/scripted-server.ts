import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { happens } from './within.ts'

export interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Scripted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A real HTTP server that says what `answer` says, and remembers what it was asked. */
export interface ScriptedServer extends AsyncDisposable {
  readonly address: string
  readonly asked: readonly Asked[]
}

/** `answer` may wait, as a server does that has much to do; undefined says nothing, ever. */
export async function scriptedServer(
  answer: (asked: Asked, n: number) => Scripted | undefined | Promise<Scripted | undefined>,
): Promise<ScriptedServer> {
  const asked: Asked[] = []
  const server = createServer()
  const read = async (request: IncomingMessage): Promise<Asked> => ({
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://scripted'),
    headers: request.headers,
    body: await text(request),
  })
  server.on('request', (request, response) => {
    void (async () => {
      const one = await read(request)
      asked.push(one)
      const said = await answer(one, asked.length)
      if (!said) return
      response.writeHead(said.status ?? 200, said.headers)
      response.end(said.body ?? '')
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return {
    address: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await happens('the server closes', server, 'close')
    },
  }
}
