import { isToken } from './baggage.ts'
import { ABSENT, isContext, type HeaderCodec, type ReadResult } from './codec.ts'
import { encodeFieldValue, readFieldBaggage, writtenFieldBaggage } from './field-baggage.ts'
import { firstValue, trimSpaces, type TraceFields } from './fields.ts'
import { parseContextSpanId, parseContextTraceId, writtenTraceId } from './ids.ts'
import type {
  BaggageEntry,
  HeaderField,
  Rejection,
  RejectReason,
  Sampling,
  TraceContext,
  TraceSeed,
} from './model.ts'
import { percentDecode } from './percent.ts'

const TRACE_ID = 'uber-trace-id'
const BAGGAGE_PREFIX = 'uberctx-'
const BAGGAGE = 'jaeger-baggage'
const DEBUG_ID = 'jaeger-debug-id'

/** Name of the `jaeger-debug-id` value in `vendor`: a tag for the root span. */
export const JAEGER_DEBUG_ID = 'jaeger.debug-id'

/** Parent 0 means none. Receivers must take ids that lost their leading zeros. */
const VALUE = /^([0-9A-Fa-f]{1,32}):([0-9A-Fa-f]{1,16}):([0-9A-Fa-f]{1,16}):([0-9A-Fa-f]{1,2})$/
const SAMPLED = 1
const DEBUG = 2
const FIREHOSE = 8

const FLAGS = {
  /** There is no word for it; 4 was reserved for it once and nobody reads it. */
  defer: 0,
  deny: 0,
  accept: SAMPLED,
  debug: SAMPLED | DEBUG,
} as const satisfies Record<Sampling, number>

/**
 * `uber-trace-id: {trace}:{span}:{parent}:{flags}`, `uberctx-{key}`, `jaeger-baggage`,
 * `jaeger-debug-id` (jaegertracing.io, Client Libraries).
 */
export const jaeger: HeaderCodec = {
  format: 'jaeger',
  headerNames: [TRACE_ID, BAGGAGE, DEBUG_ID],
  headerPrefix: BAGGAGE_PREFIX,
  read(fields) {
    const rejected: Rejection[] = []
    const baggage = readBaggage(fields, rejected)
    const parsed = readTraceId(fields)
    if (typeof parsed === 'object') {
      const ignored = fields.has(DEBUG_ID) ? [rejection(DEBUG_ID, 'outranked')] : []
      return { context: { ...parsed, baggage }, rejected: [...rejected, ...ignored] }
    }
    if (parsed !== 'incomplete') rejected.push(rejection(TRACE_ID, parsed))
    return readSeed(fields, baggage, rejected)
  },
  write(context, { traceIdBits }) {
    if (!isContext(context)) return writeSeed(context)
    const hasParent = context.parent !== 'root' && context.parent !== 'unknown'
    const parent = hasParent ? context.parent : '0'
    const flags = FLAGS[context.sampling] | (context.firehose ? FIREHOSE : 0)
    const id = writtenTraceId(context, traceIdBits)
    return [
      [TRACE_ID, `${id}:${context.spanId}:${parent}:${flags.toString(16)}`],
      ...writtenFieldBaggage(context.baggage).map(
        ([key, value]) => [`${BAGGAGE_PREFIX}${key}`, value] as const,
      ),
    ]
  },
}

function rejection(header: string, reason: RejectReason): Rejection {
  return { format: 'jaeger', header, reason }
}

function readTraceId(fields: TraceFields): TraceContext | RejectReason {
  const value = firstValue(fields, TRACE_ID)
  if (value === undefined) return 'incomplete'
  // Some clients URL-encode every header value, the colons too.
  const match = VALUE.exec(percentDecode(value))
  if (match === null) return 'malformed'
  const [, trace = '', span = '', parent = '', flagDigits = ''] = match
  const traceId = parseContextTraceId(trace)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return 'zero-id'
  const flags = parseInt(flagDigits, 16)
  return {
    traceId,
    traceIdWidth: trace.length > 16 ? 128 : 64,
    spanId,
    parent: parseContextSpanId(parent) ?? 'root',
    sampling: readFlags(flags),
    firehose: (flags & FIREHOSE) !== 0,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'jaeger',
  }
}

/** Debug means something only beside sampled. */
function readFlags(flags: number): Sampling {
  if ((flags & SAMPLED) === 0) return 'deny'
  return (flags & DEBUG) === 0 ? 'accept' : 'debug'
}

function readSeed(
  fields: TraceFields,
  baggage: readonly BaggageEntry[],
  rejected: readonly Rejection[],
): ReadResult {
  const debugId = percentDecode(trimSpaces(fields.get(DEBUG_ID)?.[0] ?? ''))
  if (debugId === '' && baggage.length === 0) return rejected.length > 0 ? { rejected } : ABSENT
  const seed: TraceSeed = {
    sampling: debugId === '' ? 'defer' : 'debug',
    baggage,
    vendor: debugId === '' ? {} : { [JAEGER_DEBUG_ID]: debugId },
    source: 'jaeger',
  }
  return { seed, rejected }
}

/** `uberctx-` fields before `jaeger-baggage`, which is for people with curl; the first of a key counts. */
function readBaggage(fields: TraceFields, rejected: Rejection[]): readonly BaggageEntry[] {
  const malformed = (header: string): void => {
    rejected.push(rejection(header, 'malformed'))
  }
  const entries = [...readFieldBaggage(fields, BAGGAGE_PREFIX, malformed)]
  for (const pair of (fields.get(BAGGAGE) ?? []).join(',').split(',').map(trimSpaces)) {
    if (pair === '') continue
    const cut = pair.indexOf('=')
    const key = trimSpaces(pair.slice(0, Math.max(cut, 0)))
    if (!isToken(key)) malformed(BAGGAGE)
    else if (!entries.some((entry) => entry.key === key)) {
      const value = percentDecode(trimSpaces(pair.slice(cut + 1)))
      entries.push({ key, value, properties: [] })
    }
  }
  return entries
}

/** Without ids the decision can only travel as a debug id; which one does not matter, a text must be there. */
function writeSeed(seed: TraceSeed): readonly HeaderField[] {
  const debugId = seed.sampling === 'debug' ? (seed.vendor[JAEGER_DEBUG_ID] ?? 'debug') : undefined
  const pairs = writtenFieldBaggage(seed.baggage).map(([key, value]) => `${key}=${value}`)
  return [
    ...(debugId === undefined ? [] : [[DEBUG_ID, encodeFieldValue(debugId)] as const]),
    ...(pairs.length === 0 ? [] : [[BAGGAGE, pairs.join(', ')] as const]),
  ]
}
