import proxy from '@fastify/http-proxy'
import { fastify } from 'fastify'
import { closeServer, listen } from '../kernel/http-server.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { serveApi } from './api.ts'
import type { ApiOptions } from './api.ts'

/** Whether a process can do its work now; if not, what it waits for. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly why: string }

export interface AdminOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly metrics: Metrics
  readonly readiness: () => Readiness
  /** What `GET /status` answers, where there is no API. */
  readonly status?: () => unknown
  /** The operator's API, for a process that takes orders. */
  readonly api?: ApiOptions
  /** Base URL of a query backend, whose pages and APIs are passed on under their own paths. */
  readonly queryUrl?: string
}

export interface Admin extends AsyncDisposable {
  /** `http://host:port` that it listens on. */
  readonly url: string
}

/** Answers here are short: whoever takes longer when the process ends is cut off. */
const CLOSE_MS = 500

/**
 * The operator's listener: `/livez` (the process turns), `/readyz` (200 once it can work, else
 * 503 with the reason), `/metrics` (Prometheus text), and `/status` or the whole API. The first
 * three are open to whoever reaches it: probes and scrapers have no token. Throws LISTEN_FAILED.
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const { metrics, readiness } = options
  const server = fastify()
  server.get('/livez', () => 'ok\n')
  server.get('/readyz', (_request, reply) => {
    const state = readiness()
    return state.ready ? 'ok\n' : reply.code(503).send(`not ready: ${state.why}\n`)
  })
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  const { status, api } = options
  if (status) server.get('/status', () => status())
  if (api) serveApi(server, api)
  if (options.queryUrl !== undefined) {
    // Pages and small JSON answers only: what the stock proxy cannot carry does not occur here.
    await server.register(proxy, {
      upstream: options.queryUrl,
      httpMethods: ['GET', 'HEAD'],
      retryMethods: [],
    })
  }
  try {
    const url = await listen(server, options, 'admin listener', 'admin.port or admin.host')
    return { url, [Symbol.asyncDispose]: () => closeServer(server, CLOSE_MS) }
  } catch (error) {
    await server.close()
    throw error
  }
}
