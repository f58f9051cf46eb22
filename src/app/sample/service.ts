import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { errorMessage } from '../../kernel/errors.ts'
import { Lifetime } from '../../kernel/lifetime.ts'
import { openRegistryClient } from './open-registry-client.ts'
import type { RegistryClient } from './registry-client.ts'
import type { Headers, SampleTracing, ServedRequest } from './tracing.ts'

export interface SampleOptions {
  readonly name: string
  readonly side: 'legacy' | 'mesh'
  /** `file:/folder`, `zookeeper://host:port` or `consul://host:port`. */
  readonly registry: string
  /** Where its spans go: Zipkin v2 JSON on the legacy side, Jaeger thrift on the mesh side. */
  readonly collector: string
  /** Service to call before it answers, found in its own registry. */
  readonly next?: string | undefined
  /** Address it listens on and registers. */
  readonly host: string
  readonly port: number
}

/** What one service saw and sent; a chain answers one of these for each service in it. */
export interface Hop {
  readonly service: string
  readonly side: 'legacy' | 'mesh'
  readonly received: Headers
  readonly sent?: Headers
}

/**
 * One sample service: registers itself with its side's own client, is traced with its side's own
 * library and knows nothing of Isthmus. Prints its URL in one line on stdout when it serves.
 */
export async function runSample(options: SampleOptions, signal: AbortSignal): Promise<void> {
  await using life = new Lifetime()
  const tracing = await openTracing(options)
  life.defer(() => tracing.close())
  const discovery = life.use(await openRegistryClient(options.registry, signal))
  const server = createServer((request, response) => {
    void answer({ request, response, options, tracing, discovery })
  })
  life.defer(() => close(server))
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : options.port
  await discovery.register(options.name, options.host, port)
  process.stdout.write(`http://${options.host}:${String(port)}\n`)
  if (!signal.aborted) await once(signal, 'abort')
}

async function openTracing({ side, name, collector }: SampleOptions): Promise<SampleTracing> {
  switch (side) {
    case 'legacy':
      return (await import('./zipkin-tracing.ts')).zipkinTracing(name, collector)
    case 'mesh':
      return (await import('./jaeger-tracing.ts')).jaegerTracing(name, collector)
  }
}

function close(server: Server): Promise<unknown> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  return closed
}

interface Work {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly options: SampleOptions
  readonly tracing: SampleTracing
  readonly discovery: RegistryClient
}

async function answer({ request, response, options, tracing, discovery }: Work): Promise<void> {
  const received = singleValues(request.headers)
  const served = tracing.serve(request.method ?? 'GET', request.url ?? '/', received)
  let status = 200
  let body: unknown
  try {
    const called = options.next ? await callNext(options.next, discovery, served) : undefined
    const hop: Hop = {
      service: options.name,
      side: options.side,
      received,
      ...(called ? { sent: called.sent } : {}),
    }
    body = { hops: [hop, ...(called?.hops ?? [])] }
  } catch (error) {
    status = 503
    body = { error: errorMessage(error) }
  }
  served.done(status)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function callNext(
  next: string,
  discovery: RegistryClient,
  served: ServedRequest,
): Promise<{ sent: Headers; hops: readonly Hop[] }> {
  const address = await discovery.lookup(next)
  if (address === undefined) throw new Error(`${next} is not in the registry`)
  const url = `http://${address}/`
  const call = served.call(next, url)
  try {
    const response = await fetch(url, { headers: call.headers })
    call.done(response.status)
    const text = await response.text()
    if (!response.ok) throw new Error(`${next} answered ${String(response.status)}: ${text}`)
    const { hops } = JSON.parse(text) as { hops: readonly Hop[] }
    return { sent: call.headers, hops }
  } catch (error) {
    call.done(502)
    throw error
  }
}

function singleValues(headers: IncomingMessage['headers']): Headers {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
