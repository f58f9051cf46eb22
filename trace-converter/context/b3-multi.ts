import { readB3SpanId, readB3TraceId } from './b3-id.ts'
import { bareContext, bareSeed } from './bare.ts'
import { CARRIES } from './carries.ts'
import {
  ABSENT,
  hasParent,
  isContext,
  NO_REJECTIONS,
  refuse,
  type HeaderCodec,
  type ReadOptions,
  type ReadResult,
} from './codec.ts'
import { firstValue, type TraceFields } from './fields.ts'
import { writtenTraceId } from './ids.ts'
import type { ContextSpanId, HeaderField, RejectReason, Sampling } from './model.ts'

const TRACE_ID = 'x-b3-traceid'
const SPAN_ID = 'x-b3-spanid'
const PARENT_ID = 'x-b3-parentspanid'
const SAMPLED = 'x-b3-sampled'
const FLAGS = 'x-b3-flags'
const FORMAT = 'b3'
const STRICT: ReadOptions = { lenient: false }

/** Debug implies the decision: with Flags, Sampled must not be sent. */
const WRITTEN = {
  defer: undefined,
  deny: [SAMPLED, '0'],
  accept: [SAMPLED, '1'],
  debug: [FLAGS, '1'],
} as const satisfies Record<Sampling, HeaderField | undefined>

/** `X-B3-TraceId`, `-SpanId`, `-ParentSpanId`, `-Sampled`, `-Flags` (openzipkin/b3-propagation). */
export const b3Multi: HeaderCodec = {
  format: FORMAT,
  headerNames: [TRACE_ID, SPAN_ID, PARENT_ID, SAMPLED, FLAGS],
  carries: CARRIES.b3,
  read(fields, options) {
    const trace = firstValue(fields, TRACE_ID)
    const span = firstValue(fields, SPAN_ID)
    const hasIds = trace !== undefined || span !== undefined || fields.has(PARENT_ID)
    if (!hasIds && !fields.has(SAMPLED) && !fields.has(FLAGS)) return ABSENT
    const sampling = readSampling(fields)
    // A denial that was garbled must not become a sampled trace, nor the reverse: begin anew.
    if (sampling === undefined) return refuse(FORMAT, SAMPLED, 'malformed')
    if (!hasIds) return { seed: bareSeed(sampling, FORMAT), rejected: NO_REJECTIONS }
    if (trace === undefined) return refuse(FORMAT, TRACE_ID, 'incomplete')
    if (span === undefined) return refuse(FORMAT, SPAN_ID, 'incomplete')
    return readIds(fields, [trace, span], sampling, options)
  },
  write(context, { traceIdBits }, out) {
    if (isContext(context)) {
      out.push([TRACE_ID, writtenTraceId(context, traceIdBits)], [SPAN_ID, context.spanId])
      if (hasParent(context)) out.push([PARENT_ID, context.parent])
    }
    const decision = WRITTEN[context.sampling]
    if (decision !== undefined) out.push(decision)
  },
}

/** undefined when there is a decision that cannot be read. Flags other than 1 say nothing. */
function readSampling(fields: TraceFields): Sampling | undefined {
  if (firstValue(fields, FLAGS) === '1') return 'debug'
  const sampled = firstValue(fields, SAMPLED)
  return sampled === undefined ? 'defer' : readB3Decision(sampled)
}

/** `true` and `false` are what tracers wrote before the specification; read, never written. */
export function readB3Decision(text: string): Sampling | undefined {
  if (text === '1') return 'accept'
  if (text === '0') return 'deny'
  const word = text.toLowerCase()
  if (word === 'true') return 'accept'
  return word === 'false' ? 'deny' : undefined
}

function readIds(
  fields: TraceFields,
  [trace, span]: readonly [string, string],
  sampling: Sampling,
  options: ReadOptions,
): ReadResult {
  const traceIds = readB3TraceId(trace, options)
  if (typeof traceIds === 'string') return refuse(FORMAT, TRACE_ID, traceIds)
  const found = readB3SpanId(span, options)
  if (typeof found === 'string') return refuse(FORMAT, SPAN_ID, found)
  const parent = readParent(fields)
  if ('why' in parent) {
    const { rejected } = refuse(FORMAT, PARENT_ID, parent.why)
    if (!options.lenient) return { rejected }
    return { context: bareContext(traceIds, found.spanId, 'unknown', sampling, FORMAT), rejected }
  }
  const context = bareContext(traceIds, found.spanId, parent.spanId, sampling, FORMAT)
  return { context, rejected: NO_REJECTIONS }
}

const ROOT = { spanId: 'root' } as const

function readParent(
  fields: TraceFields,
): { readonly spanId: ContextSpanId | 'root' } | { readonly why: RejectReason } {
  const text = firstValue(fields, PARENT_ID)
  if (text === undefined) return ROOT
  const found = readB3SpanId(text, STRICT)
  return typeof found === 'string' ? { why: found } : found
}
