import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import type { HeaderFormat, HeaderList } from '../../trace-converter/context/model.ts'

/** OpenTelemetry's propagators of the formats that both know. */
export const PROPAGATORS: ReadonlyMap<HeaderFormat, TextMapPropagator> = new Map<
  HeaderFormat,
  TextMapPropagator
>([
  ['w3c', new W3CTraceContextPropagator()],
  ['b3-single', new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER })],
  ['b3', new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Jaeger's header is what is measured
  ['jaeger', new JaegerPropagator()],
])

/** Extract and inject, as an instrumented server and client do; it takes no other header away. */
export function propagate(
  headers: HeaderList,
  from: TextMapPropagator,
  to: TextMapPropagator,
): () => unknown {
  const received = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
  return () => {
    const sent: Record<string, string> = {}
    to.inject(
      from.extract(ROOT_CONTEXT, received, defaultTextMapGetter),
      sent,
      defaultTextMapSetter,
    )
    return sent
  }
}
