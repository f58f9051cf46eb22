import { parseSpanId, parseTraceId } from '../../trace-converter/span/ids.ts'
import type { SpanId, TraceId } from '../../trace-converter/span/ids.ts'
import type { AttributeValue, Span } from '../../trace-converter/span/model.ts'

/** 2023-11-14T22:13:20Z: where the sample traces begin. */
export const BASE_US = 1_700_000_000_000_000

export function traceIdOf(text: string): TraceId {
  const id = parseTraceId(text)
  if (id === undefined) throw new TypeError(`no trace id: ${text}`)
  return id
}

export function spanIdOf(text: string): SpanId {
  const id = parseSpanId(text)
  if (id === undefined) throw new TypeError(`no span id: ${text}`)
  return id
}

export function stringValue(value: string): AttributeValue {
  return { type: 'string', value }
}

export type SpanFields = Partial<Omit<Span, 'traceId' | 'id'>>

/** A small finished span of `frontend`, changed by `fields`. */
export function sampleSpan(traceId: string, id: string, fields: SpanFields = {}): Span {
  return {
    traceId: traceIdOf(traceId),
    traceIdWidth: traceId.length > 16 ? 32 : 16,
    id: spanIdOf(id),
    kind: 'server',
    name: 'get /',
    startUs: BASE_US,
    durationUs: 1_000,
    local: { service: 'frontend' },
    process: [],
    tags: [],
    events: [],
    links: [],
    warnings: [],
    provenance: { stores: ['raw'], format: 'zipkin-v2', repairs: [] },
    ...fields,
  }
}

/** The same without a field: an absent field is not an undefined one. */
export function without(span: Span, ...fields: readonly (keyof Span)[]): Span {
  const kept = Object.entries(span).filter(([key]) => !fields.some((field) => field === key))
  return Object.fromEntries(kept) as unknown as Span
}
