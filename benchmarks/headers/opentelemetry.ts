import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from '@opentelemetry/api'
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import type { HeaderFormat, HeaderList } from '../../trace-converter/context/model.ts'

/**
 * OpenTelemetry's propagators of the formats that both know. Of W3C the two that its SDK sets up
 * without being asked: our codec reads and writes baggage with the trace context too.
 */
export const PROPAGATORS: ReadonlyMap<HeaderFormat, TextMapPropagator> = new Map<
  HeaderFormat,
  TextMapPropagator
>([
  [
    'w3c',
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  ],
  ['b3-single', new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER })],
  ['b3', new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Jaeger's header is what is measured
  ['jaeger', new JaegerPropagator()],
])

const TRACE_FIELDS: ReadonlySet<string> = new Set(
  [...PROPAGATORS.values()].flatMap((propagator) => propagator.fields()),
)

/**
 * Extract and inject into what goes on: the same headers without the trace headers that came, as
 * its specification asks of whoever sends them on. They come as Node hands them over, an object of
 * lower-case names, which its own getter and setter take.
 */
export function propagating(
  headers: HeaderList,
  from: TextMapPropagator,
  to: TextMapPropagator,
): () => Readonly<Record<string, string>> {
  const received = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
  return () => {
    const sent: Record<string, string> = {}
    for (const name in received) {
      const value = received[name]
      if (value !== undefined && !TRACE_FIELDS.has(name)) sent[name] = value
    }
    const context = from.extract(ROOT_CONTEXT, received, defaultTextMapGetter)
    to.inject(context, sent, defaultTextMapSetter)
    return sent
  }
}
