import { createRequire } from 'node:module'
import { servePeer, type Start } from './peer.ts'

/** What is used here of jaeger-client, which ships no types. */
interface JaegerClient {
  initTracer(
    config: { serviceName: string; sampler: { type: 'const'; param: 0 | 1 } },
    options: { reporter: object; traceId128bit: boolean },
  ): JaegerTracer
  readonly InMemoryReporter: new () => object
}
interface JaegerTracer {
  extract(format: 'http_headers', carrier: object): JaegerContext | null
  startSpan(name: string, options: { childOf?: JaegerContext }): JaegerSpan
  inject(span: JaegerSpan, format: 'http_headers', carrier: object): void
}
interface JaegerContext {
  readonly traceIdStr: string
  readonly baggage: Record<string, string>
  isSampled(): boolean
}
interface JaegerSpan {
  context(): JaegerContext
  setBaggageItem(key: string, value: string): void
}

const jaeger = createRequire(import.meta.url)('jaeger-client') as JaegerClient

function tracerFor(start: Start | undefined): JaegerTracer {
  const param = start?.sampled === false ? 0 : 1
  return jaeger.initTracer(
    { serviceName: 'peer', sampler: { type: 'const', param } },
    { reporter: new jaeger.InMemoryReporter(), traceId128bit: start?.bits !== 64 },
  )
}

const usual = tracerFor(undefined)

servePeer((headers, _format, start) => {
  const tracer = start === undefined ? usual : tracerFor(start)
  const parent = tracer.extract('http_headers', { ...headers })
  const span = tracer.startSpan('work', parent?.traceIdStr ? { childOf: parent } : {})
  for (const [key, value] of Object.entries(start?.baggage ?? {})) span.setBaggageItem(key, value)
  const out: Record<string, string> = {}
  tracer.inject(span, 'http_headers', out)
  const context = span.context()
  return {
    headers: out,
    seen: {
      traceId: context.traceIdStr.padStart(32, '0'),
      sampled: context.isSampled(),
      baggage: { ...context.baggage },
    },
  }
})
