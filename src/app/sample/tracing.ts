/** Field lines that a sample service got or sent, lower-case names. */
export type Headers = Readonly<Record<string, string>>

/** What a sample service asks of its tracing library, whichever it is. */
export interface SampleTracing {
  /** Continues the caller's trace, or begins one. */
  serve(method: string, path: string, headers: Headers): ServedRequest
  /** Sends what is still queued. */
  close(): Promise<void>
}

export interface ServedRequest {
  /** Begins a call to another service: `headers` go with it. */
  call(service: string, url: string): { readonly headers: Headers; done(status: number): void }
  done(status: number): void
}
