import jaeger from 'jaeger-client'
import type { Headers, SampleTracing } from './tracing.ts'

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * Traced as a mesh service is: jaeger-client with 128-bit ids, and W3C headers read and written
 * beside Jaeger's, as the mesh's proxies do. tracestate and baggage travel on as they came.
 */
export function jaegerTracing(serviceName: string, collectorUrl: string): SampleTracing {
  const tracer = jaeger.initTracer(
    {
      serviceName,
      sampler: { type: 'const', param: 1 },
      reporter: { collectorEndpoint: collectorUrl, flushIntervalMs: 100 },
    },
    { traceId128bit: true },
  )
  return {
    serve: (method, path, headers) => {
      const parent = tracer.extract('http_headers', withJaegerHeader(headers))
      const server = tracer.startSpan(`${method} ${path}`, {
        ...(parent ? { childOf: parent } : {}),
        tags: { 'span.kind': 'server', 'http.method': method, 'http.path': path },
      })
      return {
        call: (service, url) => {
          const span = tracer.startSpan(`GET ${service}`, {
            childOf: server,
            tags: { 'span.kind': 'client', 'peer.service': service, 'http.url': url },
          })
          return { headers: sentHeaders(tracer, span, headers), done: finish(span) }
        },
        done: finish(server),
      }
    },
    close: () => new Promise((resolve) => tracer.close(() => resolve())),
  }
}

const finish =
  (span: jaeger.Span) =>
  (status: number): void => {
    span.setTag('http.status_code', status)
    if (status >= 500) span.setTag('error', true)
    span.finish()
  }

/** W3C wins over Jaeger's header, as at the mesh's proxies. */
function withJaegerHeader(headers: Headers): Record<string, string> {
  const carrier: Record<string, string> = { ...headers }
  const [, traceId, spanId, flags] = TRACEPARENT.exec(headers['traceparent'] ?? '') ?? []
  if (traceId && spanId && flags) {
    const sampled = Number.parseInt(flags, 16) & 1
    carrier['uber-trace-id'] = `${traceId}:${spanId}:0:${String(sampled)}`
  }
  return carrier
}

function sentHeaders(tracer: jaeger.Tracer, span: jaeger.Span, received: Headers): Headers {
  const carrier: Record<string, string> = {}
  tracer.inject(span, 'http_headers', carrier)
  const { traceIdStr, spanIdStr, flags } = span.context()
  const sampled = (flags & 1).toString().padStart(2, '0')
  carrier['traceparent'] =
    `00-${traceIdStr.padStart(32, '0')}-${spanIdStr.padStart(16, '0')}-${sampled}`
  for (const name of ['tracestate', 'baggage']) {
    const value = received[name]
    if (value !== undefined) carrier[name] = value
  }
  return carrier
}
