import { ABSENT, isContext, type HeaderCodec, type ReadOptions, type ReadResult } from './codec.ts'
import { firstValue } from './fields.ts'
import { parseContextSpanId, parseContextTraceId, writtenTraceId } from './ids.ts'
import type { RejectReason, Sampling, TraceContext } from './model.ts'

const NAME = 'b3'
const HEX = '[0-9A-Fa-f]'
const STATE = '[01d]'
const SPAN_ID = `${HEX}{16}`

/** `d`, or `{trace}-{span}[-{state}[-{parent}]]`. Brave leaves the state out before a parent when nobody has decided. */
const STRICT = new RegExp(
  `^(${HEX}{32}|${HEX}{16})-(${SPAN_ID})(?:-(${STATE}))?(?:-(${SPAN_ID}))?$`,
)
/** Short ids, and whatever stands where the parent should. */
const LENIENT = new RegExp(`^(${HEX}{1,32})-(${HEX}{1,16})(?:-(${STATE}))?(?:-(.*))?$`)

/** 32 + 1 + 16 + 1 + 1 + 1 + 16. */
const MAX_CHARS = 68

const STATES: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'deny'],
  ['1', 'accept'],
  ['d', 'debug'],
])
const WRITTEN = {
  defer: undefined,
  deny: '0',
  accept: '1',
  debug: 'd',
} as const satisfies Record<Sampling, string | undefined>

/** `b3: {trace}-{span}[-{0|1|d}[-{parent}]]` or `b3: 0|1|d` (openzipkin/b3-propagation). */
export const b3Single: HeaderCodec = {
  format: 'b3-single',
  headerNames: [NAME],
  read(fields, options) {
    const value = firstValue(fields, NAME)
    return value === undefined ? ABSENT : readValue(value, options)
  },
  write(context, { traceIdBits }) {
    if (isContext(context)) {
      return [[NAME, formatB3Single(context, traceIdBits, { parentOfDeferred: false })]]
    }
    const state = WRITTEN[context.sampling]
    return state === undefined ? [] : [[NAME, state]]
  },
}

function readValue(value: string, options: ReadOptions): ReadResult {
  const sampling = STATES.get(value)
  if (sampling !== undefined) {
    return { seed: { sampling, baggage: [], vendor: {}, source: 'b3-single' }, rejected: [] }
  }
  const parsed = parseB3Single(value, options)
  if (typeof parsed === 'string') {
    return { rejected: [{ format: 'b3-single', header: NAME, reason: parsed }] }
  }
  // Only a parent that had to be dropped leaves it unknown.
  const dropped = parsed.parent === 'unknown'
  return {
    context: parsed,
    rejected: dropped ? [{ format: 'b3-single', header: NAME, reason: 'malformed' }] : [],
  }
}

/** The value with ids, also as it rides in tracestate; otherwise why it is none. */
export function parseB3Single(text: string, options: ReadOptions): TraceContext | RejectReason {
  if (text.length > MAX_CHARS) return 'too-long'
  const match = STRICT.exec(text) ?? (options.lenient ? LENIENT.exec(text) : null)
  if (match === null) return 'malformed'
  const [, trace = '', span = '', state, parent] = match
  const traceId = parseContextTraceId(trace)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return 'zero-id'
  const parentId = parent === undefined ? 'root' : parseContextSpanId(parent)
  if (parentId === undefined && !options.lenient) return 'zero-id'
  return {
    traceId,
    traceIdWidth: trace.length > 16 ? 128 : 64,
    spanId,
    parent: parentId ?? 'unknown',
    sampling: STATES.get(state ?? '') ?? 'defer',
    firehose: false,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'b3-single',
  }
}

/**
 * `parentOfDeferred`: write the parent although nobody has decided, with the state left out.
 * Brave reads that and so does parseB3Single, but the grammar has no such form.
 */
export function formatB3Single(
  context: TraceContext,
  traceIdBits: 64 | 128,
  options: { readonly parentOfDeferred: boolean },
): string {
  const ids = `${writtenTraceId(context, traceIdBits)}-${context.spanId}`
  const state = WRITTEN[context.sampling]
  const decided = state === undefined ? ids : `${ids}-${state}`
  if (context.parent === 'root' || context.parent === 'unknown') return decided
  return state === undefined && !options.parentOfDeferred ? decided : `${decided}-${context.parent}`
}
