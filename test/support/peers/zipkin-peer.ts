import zipkin from 'zipkin'
import { servePeer, type Start } from './peer.ts'

const serviceName = 'peer'

function tracerFor(start: Start | undefined): zipkin.Tracer {
  return new zipkin.Tracer({
    ctxImpl: new zipkin.ExplicitContext(),
    recorder: { record: () => undefined },
    sampler: new zipkin.sampler.Sampler(() => start?.sampled !== false),
    traceId128Bit: start?.bits !== 64,
    localServiceName: serviceName,
  })
}

function idFrom(tracer: zipkin.Tracer, headers: Readonly<Record<string, string>>): zipkin.TraceId {
  const server = new zipkin.Instrumentation.HttpServer({ tracer, serviceName, port: 0 })
  return server.recordRequest('GET', '/', <T>(name: string) => {
    const value = headers[name.toLowerCase()]
    return (
      value === undefined ? zipkin.option.None : new zipkin.option.Some(value)
    ) as zipkin.option.IOption<T>
  })
}

servePeer((headers, _format, start) => {
  const tracer = tracerFor(start)
  const id = start === undefined ? idFrom(tracer, headers) : tracer.createRootId()
  const sent = tracer.letId(id, () =>
    new zipkin.Instrumentation.HttpClient({
      tracer,
      serviceName,
      remoteServiceName: 'next',
    }).recordRequest<{ headers: Record<string, string> }>({ headers: {} }, '/', 'GET'),
  )
  return {
    headers: sent.headers,
    seen: {
      traceId: id.traceId.padStart(32, '0'),
      sampled: id.sampled.getOrElse(true),
      baggage: {},
    },
  }
})
