/** 32 lower-case hex digits, not all zero. 64-bit ids are padded on the left. */
export type TraceId = string & { readonly brand: 'TraceId' }
/** 16 lower-case hex digits, not all zero. */
export type SpanId = string & { readonly brand: 'SpanId' }

const HEX = /^[0-9a-f]+$/

/**
 * Accepts 1 to 32 hex digits of either case and pads on the left (Jaeger before 1.16 wrote the
 * shortest hex). undefined when empty, too long, not hex or all zero.
 */
export function parseTraceId(text: string): TraceId | undefined {
  return parseHex(text, 32) as TraceId | undefined
}

/**
 * Accepts 1 to 16 hex digits of either case and pads on the left. undefined when empty, too
 * long, not hex or all zero (zero means "none" in every format).
 */
export function parseSpanId(text: string): SpanId | undefined {
  return parseHex(text, 16) as SpanId | undefined
}

function parseHex(text: string, width: number): string | undefined {
  const lower = text.toLowerCase()
  if (lower.length > width || !HEX.test(lower)) return undefined
  const padded = lower.padStart(width, '0')
  return /[^0]/.test(padded) ? padded : undefined
}

/** The right 64 bits: all that a 64-bit system knows of a trace. 16 hex digits. */
export function lowHalf(traceId: TraceId): string {
  return traceId.slice(16)
}

/** Whether the left 64 bits are zero: the id may be the short form of a longer one. */
export function isShort(traceId: TraceId): boolean {
  return traceId.startsWith('0000000000000000')
}
