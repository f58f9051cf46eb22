/**
 * A trace in flight: one canonical context that can say what each header format can say. Anything
 * smaller loses data (docs/trace-headers.md has the matrix).
 */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. 64-bit ids are padded on the left. */
  readonly traceId: ContextTraceId
  /** How wide the sender wrote it: a 64-bit peer gets 16 digits back. */
  readonly traceIdWidth: 64 | 128
  /** The id as sent, where it is not just hex of that width (SkyWalking, EagleEye, X-Ray). */
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

/** Four things that stay four things: nobody decided, no, yes, yes past every sampler. */
export type Sampling = 'defer' | 'deny' | 'accept' | 'debug'

export interface TracestateMember {
  readonly key: string
  readonly value: string
}

export interface BaggageEntry {
  readonly key: string
  /** Decoded. */
  readonly value: string
  /** W3C properties, verbatim. */
  readonly properties: readonly string[]
}

export const HEADER_FORMATS = ['w3c', 'b3-single', 'b3', 'jaeger'] as const
export type HeaderFormat = (typeof HEADER_FORMATS)[number]

/** One field line: name as received (any case) and value. */
export type HeaderField = readonly [name: string, value: string]
/** Field lines in order, duplicates kept. */
export type HeaderList = readonly HeaderField[]
