import { METHODS, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { fastify } from 'fastify'
import { errorCode } from '../kernel/errors.ts'

/** The HTTP side of all service ports of one direction: connections come from outside. */
export interface HttpListener {
  /** Takes over a connection that was accepted on some port. */
  accept(socket: Socket): void
  /** Ends connections that wait for a request. */
  closeIdle(): void
  /** Ends every connection. */
  close(): Promise<void>
}

/** `target` is the request-target as received. */
export type Serve = (request: IncomingMessage, response: ServerResponse, target: string) => void

/** Longer than clients keep an idle connection, so that they end it and no request meets its end. */
const IDLE_CONNECTION_MS = 75_000

/**
 * One fastify instance whose `onRequest` takes each request whole: before that fastify would parse
 * media types and route paths, and refuse what is for the endpoint to judge.
 */
export async function openHttpListener(serve: Serve): Promise<HttpListener> {
  const app = fastify({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    requestTimeout: 0, // uploads take as long as they take; the exchange has its own limits
    forceCloseConnections: 'idle',
    http: { requireHostHeader: false }, // ours says in the answer what is wrong
    rewriteUrl: () => '/',
    clientErrorHandler: answerClientError,
  })
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
  app.addHook('onRequest', (request, reply) => {
    reply.hijack()
    serve(request.raw, reply.raw, request.originalUrl)
  })
  app.route({ method: methods, url: '/', handler: (_request, reply) => reply })
  app.server.on('checkContinue', (request, response) => {
    app.server.emit('request', request, response)
  })
  app.server.on('connect', (_request, socket) =>
    socket.end(
      refusalText(501, 'Not Implemented', 'REQUEST_UNSUPPORTED', 'CONNECT is for proxies'),
    ),
  )
  await app.ready()
  // It never listens itself, and node begins to keep track of connections, their timeouts and
  // which of them are idle, when a server does.
  app.server.emit('listening')
  return {
    accept: (socket) => void app.server.emit('connection', socket),
    closeIdle: () => app.server.closeIdleConnections(),
    close: async () => {
      app.server.closeAllConnections()
      app.server.close(() => undefined) // ends the watch; that it does not listen is no news
      await app.close()
    },
  }
}

/** What llhttp refused: the endpoint never sees it. */
function answerClientError(error: unknown, socket: Socket): void {
  const code = errorCode(error)
  // Once something was written, an answer would land in the middle of another one.
  if (code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const [status, reason] = CLIENT_ERRORS[code ?? ''] ?? [400, 'Bad Request']
  socket.end(refusalText(status, reason, 'REQUEST_INVALID', 'this is not HTTP/1.1'))
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
}

function refusalText(status: number, reason: string, code: string, message: string): string {
  const body = JSON.stringify({ error: { code, message } })
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return [...head, '', body].join('\r\n')
}
