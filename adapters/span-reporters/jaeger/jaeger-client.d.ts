/** What the reporter uses of jaeger-client 3.19, which ships no types: CommonJS files with `default`. */
declare module 'jaeger-client/dist/src/reporters/http_sender.js' {
  interface HttpSender {
    readonly _httpAgent: { readonly sockets: Readonly<Record<string, unknown>> }
    readonly _httpOptions: { path: string }
    /** Destroys the sockets, also those in use. The sender stays usable. */
    close(): void
  }
  const module: {
    readonly default: new (options: {
      readonly endpoint: string
      readonly maxSpanBatchSize: number
      readonly logger: { info(message: string): void; error(message: string): void }
    }) => HttpSender
  }
  export = module
}

declare module 'jaeger-client/dist/src/reporters/remote_reporter.js' {
  interface Meter {
    increment(count: number): void
  }
  interface RemoteReporter {
    readonly _intervalHandle: NodeJS.Timeout
    setProcess(serviceName: string, tags: readonly never[]): void
    /** A FinishedSpan. */
    report(span: object): void
    /** Calls back without an error whatever happened; the metrics tell. */
    flush(callback: () => void): void
  }
  const module: {
    readonly default: new (
      sender: object,
      options: {
        readonly logger: { info(message: string): void; error(message: string): void }
        readonly metrics: {
          readonly reporterSuccess: Meter
          readonly reporterFailure: Meter
          readonly reporterDropped: Meter
        }
      },
    ) => RemoteReporter
  }
  export = module
}
