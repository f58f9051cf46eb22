import type {
  ContextSpanId,
  ContextTraceId,
  Sampling,
} from '../../trace-converter/context/model.ts'

/** A finished span of the gateway itself. */
export interface GatewaySpan {
  readonly traceId: ContextTraceId
  /** How wide this side writes trace ids. */
  readonly traceIdWidth: 64 | 128
  readonly id: ContextSpanId
  /** Absent on a root. */
  readonly parentId?: ContextSpanId
  readonly kind: 'server' | 'client'
  readonly sampling: Extract<Sampling, 'accept' | 'debug'>
  readonly name: string
  /** Microseconds since 1970. */
  readonly startUs: number
  readonly durationUs: number
  /** Who the gateway talked with. */
  readonly remote: { readonly service?: string; readonly host?: string; readonly port?: number }
  readonly tags: Readonly<Record<string, string>>
  /** Other traces that ended here. */
  readonly links?: readonly SpanLink[]
}

/** `restarted`: the caller was not trusted. `outranked`: another context of its request won. */
export interface SpanLink {
  readonly traceId: ContextTraceId
  readonly spanId: ContextSpanId
  readonly reason: 'restarted' | 'outranked'
}

/** Where the gateway's own spans go. One for each side, in what that side speaks. */
export interface SpanReporter extends AsyncDisposable {
  /**
   * Takes the span and returns at once: never throws, never waits for the collector. What does
   * not fit the bounded queue, or cannot be delivered, is dropped and counted. Closing sends
   * what is queued within a bounded time.
   */
  report(span: GatewaySpan): void
}

/** What became of reported spans, for counting. */
export interface SpanReporterMeters {
  sent(spans: number): void
  dropped(spans: number, reason: 'queue-full' | 'undeliverable' | 'closed'): void
}
