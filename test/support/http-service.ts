import { createServer, type IncomingHttpHeaders } from 'node:http'
import { listen } from './raw-http.ts'

export interface HttpService extends AsyncDisposable {
  readonly port: number
  /** Headers of each request, in order of arrival. */
  readonly received: readonly IncomingHttpHeaders[]
}

/** A service that does `work` with the headers of each request, then answers 200; 500 if that fails. */
export async function startService(
  work: (headers: IncomingHttpHeaders) => Promise<void> | void,
): Promise<HttpService> {
  const received: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    received.push(request.headers)
    Promise.resolve(request.headers)
      .then(work)
      .then(
        () => response.end('ok'),
        () => response.writeHead(500).end('failed'),
      )
  })
  const port = await listen(server)
  return {
    port,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
