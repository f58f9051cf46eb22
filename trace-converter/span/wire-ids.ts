import type { SpanId, TraceId } from './ids.ts'
import { parseSpanId, parseTraceId } from './ids.ts'
import type { Faults, Json } from './json.ts'

export interface WireIds {
  readonly traceId: TraceId
  readonly traceIdWidth: number
  readonly id: SpanId
}

/** The two ids without which there is no span; undefined, with the reason, when either is bad. */
export function readIds(
  json: Json,
  traceKey: string,
  idKey: string,
  faults: Faults,
): WireIds | undefined {
  const text = json[traceKey]
  const traceId = typeof text === 'string' ? parseTraceId(text) : undefined
  const id = readSpanId(json[idKey], idKey, faults)
  if (traceId === undefined) faults.push(`${traceKey} is not 1 to 32 hex digits, not all zero`)
  if (id === undefined) faults.push(`${idKey} is not 1 to 16 hex digits, not all zero`)
  if (traceId === undefined || id === undefined || typeof text !== 'string') return undefined
  return { traceId, traceIdWidth: text.length, id }
}

/** A parent's id; undefined when there is none (absent, empty or zero) or it is bad (a fault). */
export function readParentId(value: unknown, field: string, faults: Faults): SpanId | undefined {
  if (value === undefined || value === null || (typeof value === 'string' && /^0*$/.test(value))) {
    return undefined
  }
  const id = readSpanId(value, field, faults)
  if (id === undefined) faults.push(`${field} is not 1 to 16 hex digits`)
  return id
}

/** Longer ids keep their right 16 digits, as Jaeger and Zipkin's downgraders do; it is a fault. */
function readSpanId(value: unknown, field: string, faults: Faults): SpanId | undefined {
  if (typeof value !== 'string') return undefined
  if (value.length <= 16 || !/^[0-9a-f]{17,32}$/i.test(value)) return parseSpanId(value)
  faults.push(`${field} is longer than 16 hex digits; the right 16 were kept`)
  return parseSpanId(value.slice(-16))
}

/** The trace id as wide as it was stored, as far as no digit is lost; never under `minWidth`. */
export function storedTraceId(traceId: TraceId, width: number, minWidth: number): string {
  const wanted = Math.max(width, minWidth)
  return /[^0]/.test(traceId.slice(0, -wanted)) ? traceId : traceId.slice(-wanted)
}
