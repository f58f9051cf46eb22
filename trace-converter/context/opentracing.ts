import { ABSENT, isContext, type HeaderCodec, type ReadOptions, type ReadResult } from './codec.ts'
import { readFieldBaggage, writtenFieldBaggage } from './field-baggage.ts'
import { firstValue, type TraceFields } from './fields.ts'
import { parseContextSpanId, parseContextTraceId, writtenTraceId } from './ids.ts'
import type {
  HeaderField,
  Rejection,
  RejectReason,
  Sampling,
  TraceContext,
  TraceSeed,
} from './model.ts'

const TRACE_ID = 'ot-tracer-traceid'
const SPAN_ID = 'ot-tracer-spanid'
const SAMPLED = 'ot-tracer-sampled'
const NAMES = [TRACE_ID, SPAN_ID, SAMPLED] as const
const BAGGAGE_PREFIX = 'ot-baggage-'

const STATES: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'deny'],
  ['1', 'accept'],
  ['false', 'deny'],
  ['true', 'accept'],
])

/** There is no word for debug. */
const WRITTEN = {
  defer: [],
  deny: [[SAMPLED, 'false']],
  accept: [[SAMPLED, 'true']],
  debug: [[SAMPLED, 'true']],
} as const satisfies Record<Sampling, readonly HeaderField[]>

/**
 * `ot-tracer-traceid`, `-spanid`, `-sampled` and `ot-baggage-{key}`: OpenTracing's basictracer,
 * LightStep, and OpenTelemetry's ot-trace propagator.
 */
export const opentracing: HeaderCodec = {
  format: 'ot',
  headerNames: NAMES,
  headerPrefix: BAGGAGE_PREFIX,
  read(fields, options) {
    const rejected: Rejection[] = []
    const baggage = readFieldBaggage(fields, BAGGAGE_PREFIX, (header) => {
      rejected.push({ format: 'ot', header, reason: 'malformed' })
    })
    const said = NAMES.some((name) => fields.has(name)) ? readTrace(fields, options) : ABSENT
    if (said.context !== undefined) return { context: { ...said.context, baggage }, rejected }
    const all = [...rejected, ...said.rejected]
    if (said.seed === undefined && baggage.length === 0) return { rejected: all }
    return { seed: { ...(said.seed ?? seedOf('defer')), baggage }, rejected: all }
  },
  write(context, { traceIdBits }) {
    const ids: readonly HeaderField[] = isContext(context)
      ? [
          [TRACE_ID, writtenTraceId(context, traceIdBits)],
          [SPAN_ID, context.spanId],
        ]
      : []
    const baggage = writtenFieldBaggage(context.baggage)
    return [
      ...ids,
      ...WRITTEN[context.sampling],
      ...baggage.map(([key, value]) => [`${BAGGAGE_PREFIX}${key}`, value] as const),
    ]
  },
}

function seedOf(sampling: Sampling): TraceSeed {
  return { sampling, baggage: [], vendor: {}, source: 'ot' }
}

function refuse(header: string, reason: RejectReason): ReadResult {
  return { rejected: [{ format: 'ot', header, reason }] }
}

function readTrace(fields: TraceFields, options: ReadOptions): ReadResult {
  const sampled = firstValue(fields, SAMPLED)
  const sampling = sampled === undefined ? 'defer' : STATES.get(sampled.toLowerCase())
  // As in B3: a denial that was garbled must not become a sampled trace.
  if (sampling === undefined) return refuse(SAMPLED, 'malformed')
  const trace = firstValue(fields, TRACE_ID)
  const span = firstValue(fields, SPAN_ID)
  if (trace === undefined && span === undefined) return { seed: seedOf(sampling), rejected: [] }
  if (trace === undefined) return refuse(TRACE_ID, 'incomplete')
  if (span === undefined) return refuse(SPAN_ID, 'incomplete')
  const traceId = parseContextTraceId(trace)
  if (traceId === undefined || !(options.lenient || trace.length === 16 || trace.length === 32)) {
    return refuse(TRACE_ID, whyNoId(trace, 32))
  }
  const spanId = parseContextSpanId(span)
  if (spanId === undefined || !(options.lenient || span.length === 16)) {
    return refuse(SPAN_ID, whyNoId(span, 16))
  }
  const context: TraceContext = {
    ...seedOf(sampling),
    traceId,
    traceIdWidth: trace.length > 16 ? 128 : 64,
    spanId,
    parent: 'unknown',
    firehose: false,
    tracestate: [],
  }
  return { context, rejected: [] }
}

function whyNoId(text: string, width: number): RejectReason {
  if (text.length > width) return 'too-long'
  return /^0+$/.test(text) ? 'zero-id' : 'malformed'
}
