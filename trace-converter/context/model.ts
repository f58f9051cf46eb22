/**
 * A trace in flight: one canonical context that can say what each header format can say. Anything
 * smaller loses data (docs/trace-headers.md has the matrix).
 */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. 64-bit ids are padded on the left. */
  readonly traceId: ContextTraceId
  /** How wide the sender wrote it: a 64-bit peer gets 16 digits back. */
  readonly traceIdWidth: 64 | 128
  /** The text that `traceId` is the hash of, where a format's ids are free texts (raw-id.ts). */
  readonly rawTraceId?: string
  /** The sender's span: the parent of whatever is made next. 16 lower-case hex, not all zero. */
  readonly spanId: ContextSpanId
  /** The parent of `spanId`. `root`: the sender said there is none; `unknown`: it cannot say. */
  readonly parent: ContextSpanId | 'root' | 'unknown'
  readonly sampling: Sampling
  /** Jaeger's bit 3: do not index. */
  readonly firehose: boolean
  /** W3C Level 2 random flag; absent when the format cannot say. */
  readonly random?: boolean
  /** W3C tracestate members in order. */
  readonly tracestate: readonly TracestateMember[]
  readonly baggage: readonly BaggageEntry[]
  /** What only one vendor's format can say, by a name that the codec documents. */
  readonly vendor: Readonly<Record<string, string>>
  readonly source: HeaderFormat
}

export type ContextTraceId = string & { readonly brand: 'ContextTraceId' }
export type ContextSpanId = string & { readonly brand: 'ContextSpanId' }

/**
 * What came without ids (`b3: 0`, `jaeger-debug-id`, a lone `baggage`): nothing to join, yet the
 * trace that begins here honours it.
 */
export interface TraceSeed {
  /** `defer` when there was no decision, only baggage. */
  readonly sampling: Sampling
  readonly baggage: readonly BaggageEntry[]
  readonly vendor: Readonly<Record<string, string>>
  readonly source: HeaderFormat
  /** The trace that must begin here, where the sender named one and no span (a load balancer). */
  readonly trace?: Pick<TraceContext, 'traceId' | 'traceIdWidth' | 'rawTraceId'>
}

/** Four things that stay four things: nobody decided, no, yes, yes past every sampler. */
export type Sampling = 'defer' | 'deny' | 'accept' | 'debug'

export interface TracestateMember {
  readonly key: string
  readonly value: string
}

export interface BaggageEntry {
  /** An HTTP token. */
  readonly key: string
  /** Decoded. */
  readonly value: string
  /** W3C properties, verbatim. */
  readonly properties: readonly string[]
}

/** The formats that everybody knows. */
export const HEADER_FORMATS = [
  'w3c',
  'b3-single',
  'b3',
  'jaeger',
  'datadog',
  'ot',
  'xray',
  'sw8',
  'eagleeye',
  'cat',
] as const
export type StandardFormat = (typeof HEADER_FORMATS)[number]
/** The name of a format that the configuration declares (declared.ts). */
export type DeclaredFormat = string & { readonly brand: 'DeclaredFormat' }
export type HeaderFormat = StandardFormat | DeclaredFormat

/** One field line: name as received (any case) and value. */
export type HeaderField = readonly [name: string, value: string]
/** Field lines in order, duplicates kept. */
export type HeaderList = readonly HeaderField[]

/** A trace header that was not taken, or not whole. Never an error: the request goes on. */
export interface Rejection {
  readonly format: HeaderFormat
  /** Lower-case field name; the format's first one when all of it lost. */
  readonly header: string
  readonly reason: RejectReason
  /** Of a declared format: which of its fields. Absent: the header as a whole. */
  readonly field?: string
  /** The context that lost against another one of the same request: a span link for whoever reports. */
  readonly link?: { readonly traceId: ContextTraceId; readonly spanId: ContextSpanId }
}

/**
 * Closed, so that it can be a metric label. `orphaned`: it means nothing without another header
 * that is absent or invalid. `outranked`: another format of the same request won.
 */
export type RejectReason =
  | 'malformed'
  | 'zero-id'
  | 'too-long'
  | 'repeated'
  | 'incomplete'
  | 'orphaned'
  | 'over-limit'
  | 'outranked'

/** Something of a context that no format of the target can say, or that its limits cut off. */
export interface Loss {
  readonly what: Aspect
  /** For people. */
  readonly why: string
}

/** What a context can hold besides the trace id: the rows of docs/trace-headers.md. */
export const ASPECTS = [
  'span-id',
  'trace-id-high',
  'trace-id-width',
  'raw-trace-id',
  'parent',
  'decision',
  'defer',
  'debug',
  'firehose',
  'random',
  'tracestate',
  'baggage',
  'baggage-properties',
  'seed-decision',
  'seed-debug',
  'seed-trace-id',
  'debug-id',
  'datadog-fields',
  'xray-fields',
  'skywalking-fields',
  'eagleeye-fields',
  'cat-fields',
  'declared-fields',
] as const
export type Aspect = (typeof ASPECTS)[number]
