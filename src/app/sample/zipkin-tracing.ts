import zipkin from 'zipkin'
import { timeLimit } from '../../kernel/time-limit.ts'
import type { SampleTracing, ServedRequest } from './tracing.ts'

/** Spans of one batch are posted together, so late, once this many milliseconds have passed. */
const FLUSH_MS = 100

/** Traced as an older service is: the `zipkin` package, 64-bit ids, B3 in several headers. */
export function zipkinTracing(serviceName: string, collectorUrl: string): SampleTracing {
  const logger = new SpanPoster(collectorUrl)
  const recorder = new zipkin.BatchRecorder({ logger })
  const tracer = new zipkin.Tracer({
    ctxImpl: new zipkin.ExplicitContext(),
    recorder,
    localServiceName: serviceName,
  })
  const server = new zipkin.Instrumentation.HttpServer({ tracer, serviceName, port: 0 })
  return {
    serve: (method, path, headers) => {
      const id = server.recordRequest(method, path, <T>(name: string) => {
        const value = headers[name.toLowerCase()]
        return (
          value === undefined ? zipkin.option.None : new zipkin.option.Some(value)
        ) as zipkin.option.IOption<T>
      })
      return served(tracer, server, id, serviceName)
    },
    close: async () => {
      recorder.flush()
      await logger.close()
    },
  }
}

function served(
  tracer: zipkin.Tracer,
  server: zipkin.Instrumentation.HttpServer,
  id: zipkin.TraceId,
  serviceName: string,
): ServedRequest {
  return {
    call: (remoteServiceName, url) =>
      tracer.letId(id, () => {
        const client = new zipkin.Instrumentation.HttpClient({
          tracer,
          serviceName,
          remoteServiceName,
        })
        const { headers } = client.recordRequest<{ headers: Record<string, string> }>(
          { headers: {} },
          url,
          'GET',
        )
        const clientId = tracer.id
        return {
          headers,
          done: (status) =>
            tracer.letId(clientId, () => client.recordResponse(clientId, String(status))),
        }
      }),
    done: (status) => tracer.letId(id, () => server.recordResponse(id, String(status))),
  }
}

/** The transport: the package's own is a package of its own; the wire is Zipkin v2 JSON over HTTP. */
class SpanPoster {
  readonly #url: string
  #queue: string[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #sending = new Set<Promise<unknown>>()

  constructor(url: string) {
    this.#url = url
  }

  logSpan(span: zipkin.model.Span): void {
    this.#queue.push(zipkin.jsonEncoder.JSON_V2.encode(span))
    this.#timer ??= setTimeout(() => this.#send(), FLUSH_MS)
  }

  async close(): Promise<void> {
    this.#send()
    await Promise.all(this.#sending)
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const spans = this.#queue
    this.#queue = []
    if (spans.length === 0) return
    const sending = fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `[${spans.join(',')}]`,
      signal: timeLimit(5_000),
    })
      .catch(() => undefined) // a service does not fail over its tracing
      .finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }
}
