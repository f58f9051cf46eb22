import type { SpanId, TraceId } from './ids.ts'

/**
 * A span at rest, able to say what each stored format can say (span-formats in
 * docs/span-formats.md). What a format did not say is absent, never a default: an absent kind is
 * not `internal`, an absent duration is not 0.
 */
export interface Span {
  readonly traceId: TraceId
  /** Hex digits that the trace id had where it was stored; 16 and 32 are usual. */
  readonly traceIdWidth: number
  readonly id: SpanId
  readonly parentId?: SpanId
  readonly kind?: SpanKind
  /** Zipkin: this server span reports under the id of the client's span. */
  readonly shared?: boolean
  /** Sampled on demand, past every sampler: B3 debug, Jaeger flag 2. */
  readonly debug?: boolean
  readonly name?: string
  /** Start, microseconds since 1970. */
  readonly startUs?: number
  /** Length in microseconds. 0 and absent (unfinished) are two things. */
  readonly durationUs?: number
  /** Nanoseconds (0 to 999) past `startUs` and `durationUs`, where the format had them (OTLP). */
  readonly startNs?: number
  readonly durationNs?: number
  /** Who did the work. */
  readonly local: Endpoint
  /** Attributes of the process (Jaeger) or resource (OTLP) besides its name; Zipkin has none. */
  readonly process: readonly Attribute[]
  /** Who it was done with or for, as far as the reporter knew. */
  readonly remote?: Endpoint
  /** In stored order; duplicate keys are legal (Jaeger, OTLP). */
  readonly tags: readonly Attribute[]
  readonly events: readonly SpanEvent[]
  /** References other than the parent. */
  readonly links: readonly SpanLink[]
  readonly status?: SpanStatus
  /** W3C tracestate as stored (OTLP). */
  readonly tracestate?: string
  /** Trace flags as stored: OTLP's W3C flags or Jaeger's flags. */
  readonly flags?: number
  /** Instrumentation scope (OTLP). */
  readonly scope?: Scope
  /** Remarks for people: what a repair did or could not do. */
  readonly warnings: readonly string[]
  /** Where it was read and what stitching changed. */
  readonly provenance: Provenance
}

export type SpanKind = 'client' | 'server' | 'producer' | 'consumer' | 'internal'

export interface Endpoint {
  /** As stored, case kept. */
  readonly service?: string
  readonly ipv4?: string
  readonly ipv6?: string
  readonly port?: number
}

export interface Attribute {
  readonly key: string
  readonly value: AttributeValue
}

/** `int64` is decimal text when it is past 2^53, so that no digit is lost; `binary` is base64. */
export type AttributeValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int64'; readonly value: number | string }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'binary'; readonly value: string }
  | { readonly type: 'list'; readonly value: readonly AttributeValue[] }
  | { readonly type: 'map'; readonly value: readonly Attribute[] }

export interface SpanEvent {
  readonly timeUs: number
  readonly timeNs?: number
  /** Zipkin's annotation value, OTLP's event name. Absent in a Jaeger log without one. */
  readonly name?: string
  readonly fields: readonly Attribute[]
}

export interface SpanLink {
  readonly traceId: TraceId
  readonly spanId: SpanId
  readonly kind: 'child-of' | 'follows-from' | 'link'
  readonly tracestate?: string
  readonly attributes: readonly Attribute[]
}

export interface SpanStatus {
  readonly code: 'unset' | 'ok' | 'error'
  readonly message?: string
}

export interface Scope {
  readonly name?: string
  readonly version?: string
  readonly attributes: readonly Attribute[]
}

export type SpanFormat = 'zipkin-v2' | 'jaeger-es' | 'jaeger-ui' | 'jaeger-thrift' | 'otlp'

export interface Provenance {
  /** Names of the stores that held it, sorted; more than one after a union. */
  readonly stores: readonly string[]
  readonly format: SpanFormat
  /**
   * The stored spans that this one was made of, as they were read, when a repair changed,
   * merged or made it; absent when it is as it was stored. `unstitch` returns them.
   */
  readonly originals?: readonly Span[]
  /** Names of the repairs that changed it, in their order. `synthetic` is in it for a made-up span. */
  readonly repairs: readonly string[]
}

/** All spans of one chain. Stitched when `notes` is present; raw otherwise. */
export interface Trace {
  readonly traceId: TraceId
  /** In canonical order (see stitch/order.ts) once stitched. */
  readonly spans: readonly Span[]
  /** Other ids under which parts of it were stored; a query by one of them finds this trace. */
  readonly aliases: readonly TraceId[]
  /** What the repairs did and what they had to leave, sorted. */
  readonly notes: readonly Note[]
}

export interface Note {
  readonly repair: string
  readonly level: 'info' | 'warning'
  readonly message: string
  readonly spanId?: SpanId
}

/** The first value stored under `key`, as text; undefined when there is none. */
export function tagText(tags: readonly Attribute[], key: string): string | undefined {
  const value = tags.find((tag) => tag.key === key)?.value
  if (value === undefined) return undefined
  return typeof value.value === 'object' ? JSON.stringify(value.value) : String(value.value)
}
