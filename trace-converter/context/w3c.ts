import { parseBaggage, writtenBaggage } from './baggage.ts'
import { ABSENT, isContext, type HeaderCodec, type ReadResult } from './codec.ts'
import { isDatadogDebug, readDatadogMember } from './datadog-fields.ts'
import { trimSpaces, type TraceFields } from './fields.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type {
  BaggageEntry,
  HeaderField,
  Rejection,
  RejectReason,
  TraceContext,
  TracestateMember,
} from './model.ts'
import { refineSampling } from './sampling.ts'
import { unstash, writtenTracestate } from './stash.ts'
import { formatTracestate, parseTracestate } from './tracestate.ts'

const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'
const BAGGAGE = 'baggage'

/** Lower case only. A version after 00 may go on behind a `-`; only these four fields are read. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
/** Level 2. All other bits must not be passed on. */
const RANDOM = 2

/** `traceparent`, `tracestate` and `baggage` (w3.org/TR/trace-context-2, w3.org/TR/baggage). */
export const w3c: HeaderCodec = {
  format: 'w3c',
  headerNames: [TRACEPARENT, TRACESTATE, BAGGAGE],
  read(fields) {
    if (!fields.has(TRACEPARENT) && !fields.has(TRACESTATE) && !fields.has(BAGGAGE)) return ABSENT
    const rejected: Rejection[] = []
    const reject = (header: string, reason: RejectReason): void => {
      rejected.push({ format: 'w3c', header, reason })
    }
    const baggage = readBaggage(fields, reject)
    const parsed = readTraceparent(fields)
    if (typeof parsed === 'object') {
      const tracestate = readTracestate(fields, reject)
      return { context: unstash(withState({ ...parsed, baggage }, tracestate)), rejected }
    }
    if (parsed !== 'incomplete') reject(TRACEPARENT, parsed)
    if (fields.has(TRACESTATE)) reject(TRACESTATE, 'orphaned')
    return withoutIds(baggage, rejected)
  },
  write(context) {
    const baggage = writtenBaggage(context.baggage)
    return [
      ...(isContext(context) ? writeContext(context) : []),
      ...(baggage.length > 0 ? [[BAGGAGE, baggage.join(',')] as const] : []),
    ]
  },
}

/** Baggage belongs to the request, not to the trace: it stands without a valid traceparent. */
function withoutIds(baggage: readonly BaggageEntry[], rejected: readonly Rejection[]): ReadResult {
  if (baggage.length === 0) return { rejected }
  return { seed: { sampling: 'defer', baggage, vendor: {}, source: 'w3c' }, rejected }
}

/** Of two traceparents neither can be trusted to be the last hop's. */
function readTraceparent(fields: TraceFields): TraceContext | RejectReason {
  const [line, ...more] = fields.get(TRACEPARENT) ?? []
  if (line === undefined) return 'incomplete'
  if (more.length > 0) return 'repeated'
  const match = PARENT.exec(trimSpaces(line))
  if (match === null) return 'malformed'
  const [, version, trace = '', span = '', flagDigits = '', tail] = match
  if (version === 'ff' || (version === '00' && tail !== undefined)) return 'malformed'
  const traceId = parseContextTraceId(trace)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return 'zero-id'
  const flags = parseInt(flagDigits, 16)
  return {
    traceId,
    traceIdWidth: hasHighHalf(traceId) ? 128 : 64,
    spanId,
    parent: 'unknown',
    sampling: (flags & SAMPLED) === 0 ? 'deny' : 'accept',
    firehose: false,
    random: (flags & RANDOM) !== 0,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'w3c',
  }
}

/** Datadog's services in the mesh say debug in a member of their own. */
function withState(context: TraceContext, tracestate: readonly TracestateMember[]): TraceContext {
  if (tracestate.length === 0) return context
  const sampling = refineSampling(
    context.sampling,
    isDatadogDebug(tracestate) ? 'debug' : context.sampling,
  )
  return { ...context, tracestate, sampling, vendor: readDatadogMember(tracestate, sampling) }
}

type Reject = (header: string, reason: RejectReason) => void

function readTracestate(fields: TraceFields, reject: Reject): readonly TracestateMember[] {
  const parsed = parseTracestate(fields.get(TRACESTATE) ?? [])
  if (typeof parsed !== 'string') return parsed
  reject(TRACESTATE, parsed)
  return []
}

function readBaggage(fields: TraceFields, reject: Reject): readonly BaggageEntry[] {
  const lines = fields.get(BAGGAGE)
  if (lines === undefined) return []
  const { entries, malformed } = parseBaggage(lines)
  if (malformed > 0) reject(BAGGAGE, 'malformed')
  return entries
}

function writeContext(context: TraceContext): readonly HeaderField[] {
  const sampled = context.sampling === 'accept' || context.sampling === 'debug' ? SAMPLED : 0
  const flags = sampled | (context.random === true ? RANDOM : 0)
  const members = writtenTracestate(context)
  return [
    [TRACEPARENT, `00-${context.traceId}-${context.spanId}-0${flags}`],
    ...(members.length > 0 ? [[TRACESTATE, formatTracestate(members)] as const] : []),
  ]
}
