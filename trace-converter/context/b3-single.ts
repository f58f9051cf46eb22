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
import { firstValue } from './fields.ts'
import { isHex } from './hex.ts'
import { parseContextSpanId, parseContextTraceId, writtenTraceId } from './ids.ts'
import type { RejectReason, Sampling, TraceContext } from './model.ts'

const NAME = 'b3'
const FORMAT = 'b3-single'

/** 32 + 1 + 16 + 1 + 1 + 1 + 16. */
const MAX_CHARS = 68

const WRITTEN = {
  defer: undefined,
  deny: '0',
  accept: '1',
  debug: 'd',
} as const satisfies Record<Sampling, string | undefined>

/** `b3: {trace}-{span}[-{0|1|d}[-{parent}]]` or `b3: 0|1|d` (openzipkin/b3-propagation). */
export const b3Single: HeaderCodec = {
  format: FORMAT,
  headerNames: [NAME],
  carries: CARRIES[FORMAT],
  read(fields, options) {
    const value = firstValue(fields, NAME)
    return value === undefined ? ABSENT : readValue(value, options)
  },
  write(context, { traceIdBits }, out) {
    const value = isContext(context)
      ? formatB3Single(context, traceIdBits, STRICT)
      : WRITTEN[context.sampling]
    if (value !== undefined) out.push([NAME, value])
  },
}

const STRICT = { parentOfDeferred: false } as const

function readState(text: string): Sampling | undefined {
  if (text === '1') return 'accept'
  if (text === '0') return 'deny'
  return text === 'd' ? 'debug' : undefined
}

function readValue(value: string, options: ReadOptions): ReadResult {
  const sampling = readState(value)
  if (sampling !== undefined) return { seed: bareSeed(sampling, FORMAT), rejected: NO_REJECTIONS }
  const parsed = parseB3Single(value, options)
  if (typeof parsed === 'string') return refuse(FORMAT, NAME, parsed)
  // Only a parent that had to be dropped leaves it unknown.
  const { rejected } = parsed.parent === 'unknown' ? refuse(FORMAT, NAME, 'malformed') : ABSENT
  return { context: parsed, rejected }
}

/** The value with ids, also as it rides in tracestate; otherwise why it is none. */
export function parseB3Single(text: string, options: ReadOptions): TraceContext | RejectReason {
  if (text.length > MAX_CHARS) return 'too-long'
  const traceEnd = text.indexOf('-')
  const spanEnd = endOfField(text, traceEnd + 1)
  if (!areIds(text, traceEnd, spanEnd, options)) return 'malformed'
  const traceId = parseContextTraceId(text.slice(0, traceEnd))
  const spanId = parseContextSpanId(text.slice(traceEnd + 1, spanEnd))
  if (traceId === undefined || spanId === undefined) return 'zero-id'
  const tail = readTail(text, spanEnd, options)
  if (typeof tail === 'string') return tail
  const ids = { traceId, traceIdWidth: traceEnd > 16 ? 128 : 64 } as const
  return bareContext(ids, spanId, tail.parent, tail.sampling, FORMAT)
}

function endOfField(text: string, from: number): number {
  const end = text.indexOf('-', from)
  return end < 0 ? text.length : end
}

function areIds(
  text: string,
  traceEnd: number,
  spanEnd: number,
  { lenient = false }: ReadOptions,
): boolean {
  const chars = spanEnd - traceEnd - 1
  const fits = lenient
    ? traceEnd > 0 && traceEnd <= 32 && chars > 0 && chars <= 16
    : (traceEnd === 16 || traceEnd === 32) && chars === 16
  return fits && isHex(text, 0, traceEnd) && isHex(text, traceEnd + 1, spanEnd)
}

type Tail = Pick<TraceContext, 'parent' | 'sampling'>

/**
 * `[-{state}][-{parent}]`: Brave leaves the state out before a parent when nobody has decided.
 * Leniently, whatever stands where the parent should is no parent.
 */
function readTail(
  text: string,
  from: number,
  { lenient = false }: ReadOptions,
): Tail | RejectReason {
  if (from === text.length) return { sampling: 'defer', parent: 'root' }
  const field = text.slice(from + 1, endOfField(text, from + 1))
  const state = field.length === 1 ? readState(field) : undefined
  const sampling = state ?? 'defer'
  const rest = state === undefined ? from : from + 2
  if (rest === text.length) return { sampling, parent: 'root' }
  const parent = text.slice(rest + 1)
  const isHexId = parent.length === 16 && isHex(parent, 0, 16)
  const parentId = isHexId || lenient ? parseContextSpanId(parent) : undefined
  if (parentId !== undefined) return { sampling, parent: parentId }
  if (lenient) return { sampling, parent: 'unknown' }
  return isHexId ? 'zero-id' : 'malformed'
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
  if (!hasParent(context)) return decided
  return state === undefined && !options.parentOfDeferred ? decided : `${decided}-${context.parent}`
}
