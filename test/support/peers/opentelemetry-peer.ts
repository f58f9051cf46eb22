import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapPropagator,
} from '@opentelemetry/api'
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  ParentBasedSampler,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-base'
import { servePeer, type Start } from './peer.ts'

const PROPAGATORS: Readonly<Record<string, TextMapPropagator>> = {
  w3c: new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  }),
  b3: new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  'b3-single': new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- services that use it are peers too
  jaeger: new JaegerPropagator(),
}

/** As a library of 64 bits behind OpenTelemetry's API would make them. */
class NarrowIdGenerator extends RandomIdGenerator {
  override generateTraceId = (): string => this.generateSpanId().padStart(32, '0')
}

function tracerFor(start: Start | undefined) {
  const root = start?.sampled === false ? new AlwaysOffSampler() : new AlwaysOnSampler()
  const provider = new BasicTracerProvider({
    sampler: new ParentBasedSampler({ root }),
    idGenerator: start?.bits === 64 ? new NarrowIdGenerator() : new RandomIdGenerator(),
  })
  return provider.getTracer('peer')
}

function withBaggage(context: Context, start: Start | undefined): Context {
  if (start === undefined) return context
  const entries = Object.entries(start.baggage).map(([key, value]) => [key, { value }] as const)
  return propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries)))
}

servePeer((headers, format, start) => {
  const propagator = PROPAGATORS[format]
  if (propagator === undefined) throw new Error(`no propagator for ${format}`)
  const came = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
  const context = withBaggage(came, start)
  const span = tracerFor(start).startSpan('work', {}, context)
  const out: Record<string, string> = {}
  propagator.inject(trace.setSpan(context, span), out, defaultTextMapSetter)
  const { traceId, traceFlags } = span.spanContext()
  const baggage = propagation.getBaggage(context)?.getAllEntries() ?? []
  return {
    headers: out,
    seen: {
      traceId,
      sampled: (traceFlags & 1) === 1,
      baggage: Object.fromEntries(baggage.map(([key, { value }]) => [key, value])),
    },
  }
})
