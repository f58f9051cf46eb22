/** What the sample services use of jaeger-client 3.19, which ships no types. */
declare module 'jaeger-client' {
  export interface SpanContext {
    readonly traceIdStr: string
    readonly spanIdStr: string
    readonly flags: number
  }
  export interface Span {
    context(): SpanContext
    setTag(key: string, value: unknown): void
    finish(): void
  }
  export interface Tracer {
    startSpan(
      name: string,
      options?: { childOf?: Span | SpanContext; tags?: Record<string, unknown> },
    ): Span
    extract(format: string, carrier: Record<string, string>): SpanContext | null
    inject(context: Span | SpanContext, format: string, carrier: Record<string, string>): void
    close(done: () => void): void
  }
  export interface TracingConfig {
    readonly serviceName: string
    readonly sampler: { readonly type: 'const'; readonly param: 0 | 1 }
    readonly reporter: { readonly collectorEndpoint: string; readonly flushIntervalMs?: number }
  }
  export function initTracer(
    config: TracingConfig,
    options: { readonly traceId128bit?: boolean },
  ): Tracer
}
