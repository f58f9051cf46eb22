import { isToken } from './baggage.ts'
import { bareContext, bareSeed, NO_BAGGAGE } from './bare.ts'
import { CARRIES } from './carries.ts'
import {
  ABSENT,
  hasParent,
  isContext,
  NO_REJECTIONS,
  type HeaderCodec,
  type ReadResult,
} from './codec.ts'
import {
  cutFieldBaggage,
  encodeFieldValue,
  readFieldBaggage,
  writeFieldBaggage,
  writtenFieldBaggage,
} from './field-baggage.ts'
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
const JAEGER_DEBUG_ID = 'jaeger.debug-id'

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
  carries: CARRIES.jaeger,
  cuts: cutFieldBaggage,
  read(fields) {
    const parsed = readTraceId(fields)
    const isAlone =
      !fields.has(BAGGAGE) && !fields.has(DEBUG_ID) && !fields.hasPrefix(BAGGAGE_PREFIX)
    if (isAlone && typeof parsed === 'object') return { context: parsed, rejected: NO_REJECTIONS }
    if (isAlone && parsed === 'incomplete') return ABSENT
    const rejected: Rejection[] = []
    const baggage = isAlone ? NO_BAGGAGE : readBaggage(fields, rejected)
    if (typeof parsed === 'object') {
      const ignored = fields.has(DEBUG_ID) ? [rejection(DEBUG_ID, 'outranked')] : []
      return { context: { ...parsed, baggage }, rejected: [...rejected, ...ignored] }
    }
    if (parsed !== 'incomplete') rejected.push(rejection(TRACE_ID, parsed))
    return readSeed(fields, baggage, rejected)
  },
  write(context, { traceIdBits }, out) {
    if (!isContext(context)) {
      writeSeed(context, out)
      return
    }
    const parent = hasParent(context) ? context.parent : '0'
    const flags = FLAGS[context.sampling] | (context.firehose ? FIREHOSE : 0)
    const id = writtenTraceId(context, traceIdBits)
    out.push([TRACE_ID, `${id}:${context.spanId}:${parent}:${flags.toString(16)}`])
    writeFieldBaggage(context.baggage, BAGGAGE_PREFIX, out)
  },
}

function rejection(header: string, reason: RejectReason): Rejection {
  return { format: 'jaeger', header, reason }
}

function readTraceId(fields: TraceFields): TraceContext | RejectReason {
  const value = firstValue(fields, TRACE_ID)
  if (value === undefined) return 'incomplete'
  // Some clients URL-encode every header value, the colons too; digits nobody encodes.
  const match = VALUE.exec(value.includes('%') ? value.replace(/%3a/gi, ':') : value)
  if (match === null) return 'malformed'
  const [, trace = '', span = '', parent = '', flagDigits = ''] = match
  const traceId = parseContextTraceId(trace)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return 'zero-id'
  const flags = parseInt(flagDigits, 16)
  const ids = { traceId, traceIdWidth: trace.length > 16 ? 128 : 64 } as const
  const parentId = parent === '0' ? undefined : parseContextSpanId(parent)
  const context = bareContext(ids, spanId, parentId ?? 'root', readFlags(flags), 'jaeger')
  return (flags & FIREHOSE) === 0 ? context : { ...context, firehose: true }
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
  const debugId = percentDecode(trimSpaces(fields.first(DEBUG_ID) ?? ''))
  if (debugId === '' && baggage.length === 0) return rejected.length > 0 ? { rejected } : ABSENT
  const seed: TraceSeed = {
    ...bareSeed(debugId === '' ? 'defer' : 'debug', 'jaeger'),
    baggage,
    ...(debugId === '' ? {} : { vendor: { [JAEGER_DEBUG_ID]: debugId } }),
  }
  return { seed, rejected }
}

/** `uberctx-` fields before `jaeger-baggage`, which is for people with curl; the first of a key counts. */
function readBaggage(fields: TraceFields, rejected: Rejection[]): readonly BaggageEntry[] {
  const malformed = (header: string): void => {
    rejected.push(rejection(header, 'malformed'))
  }
  const entries = [...readFieldBaggage(fields, BAGGAGE_PREFIX, malformed)]
  const known = new Set(entries.map(({ key }) => key))
  for (const pair of fields.all(BAGGAGE).join(',').split(',').map(trimSpaces)) {
    if (pair === '') continue
    const cut = pair.indexOf('=')
    const key = trimSpaces(pair.slice(0, Math.max(cut, 0)))
    if (!isToken(key)) malformed(BAGGAGE)
    else if (!known.has(key)) {
      const value = percentDecode(trimSpaces(pair.slice(cut + 1)))
      known.add(key)
      entries.push({ key, value, properties: [] })
    }
  }
  return entries
}

/** Without ids the decision can only travel as a debug id; which one does not matter, a text must be there. */
function writeSeed(seed: TraceSeed, out: HeaderField[]): void {
  if (seed.sampling === 'debug') {
    out.push([DEBUG_ID, encodeFieldValue(seed.vendor[JAEGER_DEBUG_ID] ?? 'debug')])
  }
  const pairs = writtenFieldBaggage(seed.baggage).map(([key, value]) => `${key}=${value}`)
  if (pairs.length > 0) out.push([BAGGAGE, pairs.join(', ')])
}
