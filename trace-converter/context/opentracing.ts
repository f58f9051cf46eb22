import { readB3SpanId, readB3TraceId } from './b3-id.ts'
import { readB3Decision } from './b3-multi.ts'
import { bareContext, bareSeed } from './bare.ts'
import { CARRIES } from './carries.ts'
import {
  ABSENT,
  isContext,
  NO_REJECTIONS,
  refuse,
  type HeaderCodec,
  type ReadOptions,
  type ReadResult,
} from './codec.ts'
import { cutFieldBaggage, readFieldBaggage, writeFieldBaggage } from './field-baggage.ts'
import { firstValue, type TraceFields } from './fields.ts'
import { writtenTraceId } from './ids.ts'
import type { HeaderField, Rejection, Sampling } from './model.ts'

const TRACE_ID = 'ot-tracer-traceid'
const SPAN_ID = 'ot-tracer-spanid'
const SAMPLED = 'ot-tracer-sampled'
const NAMES = [TRACE_ID, SPAN_ID, SAMPLED] as const
const BAGGAGE_PREFIX = 'ot-baggage-'
const FORMAT = 'ot'

/** There is no word for debug. */
const WRITTEN = {
  defer: undefined,
  deny: [SAMPLED, 'false'],
  accept: [SAMPLED, 'true'],
  debug: [SAMPLED, 'true'],
} as const satisfies Record<Sampling, HeaderField | undefined>

/**
 * `ot-tracer-traceid`, `-spanid`, `-sampled` and `ot-baggage-{key}`: OpenTracing's basictracer,
 * LightStep, and OpenTelemetry's ot-trace propagator.
 */
export const opentracing: HeaderCodec = {
  format: FORMAT,
  headerNames: NAMES,
  headerPrefix: BAGGAGE_PREFIX,
  carries: CARRIES.ot,
  cuts: cutFieldBaggage,
  read(fields, options) {
    const said = NAMES.some((name) => fields.has(name)) ? readTrace(fields, options) : ABSENT
    if (!fields.hasPrefix(BAGGAGE_PREFIX)) return said
    const rejected: Rejection[] = []
    const baggage = readFieldBaggage(fields, BAGGAGE_PREFIX, (header) => {
      rejected.push({ format: FORMAT, header, reason: 'malformed' })
    })
    if (said.context !== undefined) return { context: { ...said.context, baggage }, rejected }
    const all = [...rejected, ...said.rejected]
    if (said.seed === undefined && baggage.length === 0) return { rejected: all }
    return { seed: { ...(said.seed ?? bareSeed('defer', FORMAT)), baggage }, rejected: all }
  },
  write(context, { traceIdBits }, out) {
    if (isContext(context)) {
      out.push([TRACE_ID, writtenTraceId(context, traceIdBits)], [SPAN_ID, context.spanId])
    }
    const decision = WRITTEN[context.sampling]
    if (decision !== undefined) out.push(decision)
    writeFieldBaggage(context.baggage, BAGGAGE_PREFIX, out)
  },
}

function readTrace(fields: TraceFields, options: ReadOptions): ReadResult {
  const sampled = firstValue(fields, SAMPLED)
  const sampling = sampled === undefined ? 'defer' : readB3Decision(sampled)
  // As in B3: a denial that was garbled must not become a sampled trace.
  if (sampling === undefined) return refuse(FORMAT, SAMPLED, 'malformed')
  const trace = firstValue(fields, TRACE_ID)
  const span = firstValue(fields, SPAN_ID)
  if (trace === undefined && span === undefined) {
    return { seed: bareSeed(sampling, FORMAT), rejected: NO_REJECTIONS }
  }
  if (trace === undefined) return refuse(FORMAT, TRACE_ID, 'incomplete')
  if (span === undefined) return refuse(FORMAT, SPAN_ID, 'incomplete')
  const ids = readB3TraceId(trace, options)
  if (typeof ids === 'string') return refuse(FORMAT, TRACE_ID, ids)
  const found = readB3SpanId(span, options)
  if (typeof found === 'string') return refuse(FORMAT, SPAN_ID, found)
  const context = bareContext(ids, found.spanId, 'unknown', sampling, FORMAT)
  return { context, rejected: NO_REJECTIONS }
}
