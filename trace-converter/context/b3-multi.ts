import { ABSENT, isContext, type HeaderCodec, type ReadOptions, type ReadResult } from './codec.ts'
import { firstValue, type TraceFields } from './fields.ts'
import { parseContextSpanId, parseContextTraceId, writtenTraceId } from './ids.ts'
import type {
  ContextSpanId,
  HeaderField,
  Rejection,
  RejectReason,
  Sampling,
  TraceContext,
} from './model.ts'

const TRACE_ID = 'x-b3-traceid'
const SPAN_ID = 'x-b3-spanid'
const PARENT_ID = 'x-b3-parentspanid'
const SAMPLED = 'x-b3-sampled'
const FLAGS = 'x-b3-flags'
const NAMES = [TRACE_ID, SPAN_ID, PARENT_ID, SAMPLED, FLAGS] as const

/** `true` and `false` are what tracers wrote before the specification; read, never written. */
const STATES: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'deny'],
  ['1', 'accept'],
  ['false', 'deny'],
  ['true', 'accept'],
])

/** Debug implies the decision: with Flags, Sampled must not be sent. */
const WRITTEN = {
  defer: [],
  deny: [[SAMPLED, '0']],
  accept: [[SAMPLED, '1']],
  debug: [[FLAGS, '1']],
} as const satisfies Record<Sampling, readonly HeaderField[]>

/** `X-B3-TraceId`, `-SpanId`, `-ParentSpanId`, `-Sampled`, `-Flags` (openzipkin/b3-propagation). */
export const b3Multi: HeaderCodec = {
  format: 'b3',
  headerNames: NAMES,
  read(fields, options) {
    if (!NAMES.some((name) => fields.has(name))) return ABSENT
    const sampling = readSampling(fields)
    // A denial that was garbled must not become a sampled trace, nor the reverse: begin anew.
    if (sampling === undefined) return refuse(SAMPLED, 'malformed')
    return fields.has(TRACE_ID) || fields.has(SPAN_ID) || fields.has(PARENT_ID)
      ? readIds(fields, sampling, options)
      : { seed: { sampling, baggage: [], vendor: {}, source: 'b3' }, rejected: [] }
  },
  write(context, { traceIdBits }) {
    if (!isContext(context)) return WRITTEN[context.sampling]
    const hasParent = context.parent !== 'root' && context.parent !== 'unknown'
    return [
      [TRACE_ID, writtenTraceId(context, traceIdBits)],
      [SPAN_ID, context.spanId],
      ...(hasParent ? [[PARENT_ID, context.parent] as const] : []),
      ...WRITTEN[context.sampling],
    ]
  },
}

function refuse(header: string, reason: RejectReason): ReadResult {
  return { rejected: [{ format: 'b3', header, reason }] }
}

/** undefined when there is a decision that cannot be read. Flags other than 1 say nothing. */
function readSampling(fields: TraceFields): Sampling | undefined {
  if (firstValue(fields, FLAGS) === '1') return 'debug'
  const sampled = firstValue(fields, SAMPLED)
  return sampled === undefined ? 'defer' : STATES.get(sampled.toLowerCase())
}

function readIds(fields: TraceFields, sampling: Sampling, options: ReadOptions): ReadResult {
  const trace = firstValue(fields, TRACE_ID)
  const span = firstValue(fields, SPAN_ID)
  if (trace === undefined || span === undefined) {
    return refuse(trace === undefined ? TRACE_ID : SPAN_ID, 'incomplete')
  }
  const traceId = parseContextTraceId(trace)
  if (traceId === undefined || !(options.lenient || trace.length === 16 || trace.length === 32)) {
    return refuse(TRACE_ID, whyNoId(trace, 32))
  }
  const spanId = parseContextSpanId(span)
  if (spanId === undefined || !(options.lenient || span.length === 16)) {
    return refuse(SPAN_ID, whyNoId(span, 16))
  }
  const parent = readParent(fields)
  const rejected: Rejection[] =
    typeof parent === 'string' ? [] : [{ format: 'b3', header: PARENT_ID, reason: parent.reason }]
  if (typeof parent !== 'string' && !options.lenient) return { rejected }
  const context: TraceContext = {
    traceId,
    traceIdWidth: trace.length > 16 ? 128 : 64,
    spanId,
    parent: typeof parent === 'string' ? parent : 'unknown',
    sampling,
    firehose: false,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'b3',
  }
  return { context, rejected }
}

function readParent(
  fields: TraceFields,
): ContextSpanId | 'root' | { readonly reason: RejectReason } {
  const text = firstValue(fields, PARENT_ID)
  if (text === undefined) return 'root'
  const id = text.length === 16 ? parseContextSpanId(text) : undefined
  return id ?? { reason: whyNoId(text, 16) }
}

function whyNoId(text: string, width: number): RejectReason {
  if (text.length > width) return 'too-long'
  return /^0+$/.test(text) ? 'zero-id' : 'malformed'
}
