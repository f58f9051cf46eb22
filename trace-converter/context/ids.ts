import { isId, padHex } from './hex.ts'
import type { ContextSpanId, ContextTraceId, TraceContext } from './model.ts'

const ZERO_HALF = '0000000000000000'

/** Draws 64 random bits, unsigned. */
export type Random64 = () => bigint

/**
 * 1 to 32 hex digits of either case, padded on the left to 32 (Jaeger's short ids). undefined when
 * empty, longer, not hex or all zero.
 */
export function parseContextTraceId(text: string): ContextTraceId | undefined {
  return padHex(text, 32) as ContextTraceId | undefined
}

/** 1 to 16 hex digits of either case, padded on the left to 16. undefined as above. */
export function parseContextSpanId(text: string): ContextSpanId | undefined {
  return padHex(text, 16) as ContextSpanId | undefined
}

/** The 32 digits at `from` as W3C writes them: lower case, not all zero. undefined otherwise. */
export function traceIdAt(text: string, from: number): ContextTraceId | undefined {
  const to = from + 32
  return isId(text, from, to) ? (text.slice(from, to) as ContextTraceId) : undefined
}

/** The 16 digits at `from`, as above. */
export function spanIdAt(text: string, from: number): ContextSpanId | undefined {
  const to = from + 16
  return isId(text, from, to) ? (text.slice(from, to) as ContextSpanId) : undefined
}

/** A span id from randomness that the caller owns. */
export function newSpanId(random: Random64): ContextSpanId {
  return half(random) as ContextSpanId
}

/** A trace id of 128 bits, or of 64 for a side that knows no more. */
export function newTraceId(random: Random64, width: 64 | 128): ContextTraceId {
  return (width === 64 ? ZERO_HALF + half(random) : half(random) + half(random)) as ContextTraceId
}

/** Zero means "no id" in every format, so the one draw in 2^64 that is zero becomes 1. */
function half(random: Random64): string {
  const bits = BigInt.asUintN(64, random())
  return (bits === 0n ? 1n : bits).toString(16).padStart(16, '0')
}

export function hasHighHalf(traceId: ContextTraceId): boolean {
  return !traceId.startsWith(ZERO_HALF)
}

/**
 * The digits that a peer receives: 16 where the id came so, 32 otherwise. A peer that takes 64
 * bits at most gets the right half, as B3 downgrades; never an all-zero half.
 */
export function writtenTraceId(
  context: Pick<TraceContext, 'traceId' | 'traceIdWidth'>,
  traceIdBits: 64 | 128,
): string {
  const low = context.traceId.slice(16)
  if (traceIdBits === 64 && low !== ZERO_HALF) return low
  return context.traceIdWidth === 64 && !hasHighHalf(context.traceId) ? low : context.traceId
}
