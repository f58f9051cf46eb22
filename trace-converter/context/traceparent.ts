import { NO_BAGGAGE, NO_MEMBERS, NO_VENDOR } from './bare.ts'
import { isId, isZeros } from './hex.ts'
import { hasHighHalf, spanIdAt, traceIdAt } from './ids.ts'
import type { RejectReason, TraceContext } from './model.ts'

const SAMPLED = 1
/** Level 2. All other bits must not be passed on. */
const RANDOM = 2

/** Where the fields of `{version}-{trace id}-{span id}-{flags}` end. */
const VERSION_END = 2
const TRACE_END = 35
const SPAN_END = 52
const FLAGS_END = 55
const DASH = 0x2d
const ZERO = 0x30
const NINE = 0x39
const LETTER_A = 0x61

/** Lower case only. A version after 00 may go on behind a `-`; only these four fields are read. */
export function parseTraceparent(text: string): TraceContext | RejectReason {
  if (!hasFields(text)) return 'malformed'
  const traceId = traceIdAt(text, VERSION_END + 1)
  const spanId = spanIdAt(text, TRACE_END + 1)
  if (traceId === undefined || spanId === undefined) return whyNoIds(text)
  const flags = digit(text, FLAGS_END - 1)
  // Written out, not spread: this is the one way in for the whole mesh.
  return {
    traceId,
    traceIdWidth: hasHighHalf(traceId) ? 128 : 64,
    spanId,
    parent: 'unknown',
    sampling: (flags & SAMPLED) === 0 ? 'deny' : 'accept',
    firehose: false,
    tracestate: NO_MEMBERS,
    baggage: NO_BAGGAGE,
    vendor: NO_VENDOR,
    source: 'w3c',
    random: (flags & RANDOM) !== 0,
  }
}

function whyNoIds(text: string): RejectReason {
  const isZero = isZeros(text, VERSION_END + 1, TRACE_END) || isZeros(text, TRACE_END + 1, SPAN_END)
  return isZero && text === text.toLowerCase() ? 'zero-id' : 'malformed'
}

/** Both known flags stand in the last digit. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code <= NINE ? code - ZERO : code - LETTER_A + 10
}

function hasFields(text: string): boolean {
  const isSeparated =
    text.charCodeAt(VERSION_END) === DASH &&
    text.charCodeAt(TRACE_END) === DASH &&
    text.charCodeAt(SPAN_END) === DASH
  if (!isSeparated || !isLowerHex(text, 0, VERSION_END)) return false
  if (!isLowerHex(text, SPAN_END + 1, FLAGS_END) || text.startsWith('ff')) return false
  if (text.length === FLAGS_END) return true
  return !text.startsWith('00') && text.charCodeAt(FLAGS_END) === DASH
}

function isLowerHex(text: string, from: number, to: number): boolean {
  return isId(text, from, to) || isZeros(text, from, to)
}

export function formatTraceparent(context: TraceContext): string {
  const { traceId, spanId, sampling, random } = context
  const sampled = sampling === 'accept' || sampling === 'debug' ? SAMPLED : 0
  return `00-${traceId}-${spanId}-0${sampled | (random === true ? RANDOM : 0)}`
}
