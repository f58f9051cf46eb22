import { parseBaggage, writtenBaggage } from './baggage.ts'
import { bareSeed, NO_BAGGAGE, NO_MEMBERS } from './bare.ts'
import { CARRIES } from './carries.ts'
import { ABSENT, isContext, NO_REJECTIONS, type HeaderCodec, type ReadResult } from './codec.ts'
import { isDatadogDebug, readDatadogMember } from './datadog-fields.ts'
import { trimSpaces, type TraceFields } from './fields.ts'
import type {
  BaggageEntry,
  Rejection,
  RejectReason,
  TraceContext,
  TracestateMember,
} from './model.ts'
import { refineSampling } from './sampling.ts'
import { unstash, writtenTracestate } from './stash.ts'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'
import { formatTracestate, parseTracestate } from './tracestate.ts'
import { cutOfW3c } from './w3c-cut.ts'

const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'
const BAGGAGE = 'baggage'

/** `traceparent`, `tracestate` and `baggage` (w3.org/TR/trace-context-2, w3.org/TR/baggage). */
export const w3c: HeaderCodec = {
  format: 'w3c',
  headerNames: [TRACEPARENT, TRACESTATE, BAGGAGE],
  carries: CARRIES.w3c,
  cuts: cutOfW3c,
  read(fields) {
    const hasState = fields.has(TRACESTATE)
    const hasBaggage = fields.has(BAGGAGE)
    const parsed = readTraceparent(fields)
    if (!hasState && !hasBaggage) {
      if (typeof parsed !== 'string') return { context: parsed, rejected: NO_REJECTIONS }
      if (parsed === 'incomplete') return ABSENT
    }
    const rejected: Rejection[] = []
    const baggage = hasBaggage ? readBaggage(fields, rejected) : NO_BAGGAGE
    if (typeof parsed !== 'string') {
      const tracestate = hasState ? readTracestate(fields, rejected) : NO_MEMBERS
      return { context: unstash(withState(parsed, tracestate, baggage)), rejected }
    }
    if (parsed !== 'incomplete') reject(rejected, TRACEPARENT, parsed)
    if (hasState) reject(rejected, TRACESTATE, 'orphaned')
    return withoutIds(baggage, rejected)
  },
  write(context, _options, out) {
    if (isContext(context)) {
      out.push([TRACEPARENT, formatTraceparent(context)])
      const members = writtenTracestate(context)
      if (members.length > 0) out.push([TRACESTATE, formatTracestate(members)])
    }
    if (context.baggage.length === 0) return
    const baggage = writtenBaggage(context.baggage)
    if (baggage.length > 0) out.push([BAGGAGE, baggage.join(',')])
  },
}

function reject(rejected: Rejection[], header: string, reason: RejectReason): void {
  rejected.push({ format: 'w3c', header, reason })
}

/** Baggage belongs to the request, not to the trace: it stands without a valid traceparent. */
function withoutIds(baggage: readonly BaggageEntry[], rejected: readonly Rejection[]): ReadResult {
  if (baggage.length === 0) return { rejected }
  return { seed: { ...bareSeed('defer', 'w3c'), baggage }, rejected }
}

/** Of two traceparents neither can be trusted to be the last hop's. */
function readTraceparent(fields: TraceFields): TraceContext | RejectReason {
  const line = fields.first(TRACEPARENT)
  if (line === undefined) return 'incomplete'
  return fields.isRepeated(TRACEPARENT) ? 'repeated' : parseTraceparent(trimSpaces(line))
}

/** Datadog's services in the mesh say debug in a member of their own. */
function withState(
  context: TraceContext,
  tracestate: readonly TracestateMember[],
  baggage: readonly BaggageEntry[],
): TraceContext {
  if (tracestate.length === 0) return { ...context, baggage }
  const sampling = refineSampling(
    context.sampling,
    isDatadogDebug(tracestate) ? 'debug' : context.sampling,
  )
  const vendor = readDatadogMember(tracestate, sampling)
  return { ...context, baggage, tracestate, sampling, vendor }
}

function readTracestate(fields: TraceFields, rejected: Rejection[]): readonly TracestateMember[] {
  const parsed = parseTracestate(fields.all(TRACESTATE))
  if (typeof parsed !== 'string') return parsed
  reject(rejected, TRACESTATE, parsed)
  return NO_MEMBERS
}

function readBaggage(fields: TraceFields, rejected: Rejection[]): readonly BaggageEntry[] {
  const { entries, malformed } = parseBaggage(fields.all(BAGGAGE))
  if (malformed > 0) reject(rejected, BAGGAGE, 'malformed')
  return entries
}
