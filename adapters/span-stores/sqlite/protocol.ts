import type { IsthmusError } from '../../../src/kernel/errors.ts'
import type { SpanId, TraceId } from '../../../trace-converter/span/ids.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type { Operation, SpanIdQuery, TraceQuery } from '../../../trace-converter/store.ts'

/**
 * What the worker is asked and answers. Traces and spans travel as JSON text (see text.ts):
 * copying text between threads costs a fraction of copying objects.
 */
export interface Calls {
  /** Opens the file now instead of at the first call, to be refused early. */
  readonly open: { readonly input: null; readonly output: null }
  readonly append: { readonly input: string; readonly output: null }
  readonly replace: { readonly input: string; readonly output: null }
  readonly find: { readonly input: TraceId; readonly output: string | null }
  readonly related: { readonly input: readonly TraceId[]; readonly output: readonly string[] }
  readonly spanIds: {
    readonly input: SpanIdQuery
    readonly output: ReadonlyMap<SpanId, readonly TraceId[]>
  }
  readonly search: { readonly input: TraceQuery; readonly output: readonly string[] }
  /** Rows whose traces may start a span within the range. */
  readonly list: { readonly input: TimeRange; readonly output: readonly number[] }
  /** Those of the rows that do; `read` is how many rows were looked at before a batch was full. */
  readonly fetch: {
    readonly input: { readonly rows: readonly number[]; readonly range: TimeRange }
    readonly output: { readonly traces: readonly string[]; readonly read: number }
  }
  readonly services: { readonly input: null; readonly output: readonly string[] }
  readonly operations: { readonly input: string; readonly output: readonly Operation[] }
  readonly remoteServices: { readonly input: string; readonly output: readonly string[] }
  readonly load: { readonly input: string; readonly output: string | null }
  readonly save: {
    readonly input: { readonly name: string; readonly value: string }
    readonly output: null
  }
  readonly close: { readonly input: null; readonly output: null }
}

export type CallKind = keyof Calls

export interface Request<K extends CallKind> {
  readonly id: number
  readonly kind: K
  readonly input: Calls[K]['input']
  /** Shared with the caller, who sets its first element to 1 when nobody wants the answer. */
  readonly cancel: Int32Array
}

export type AnyRequest = { [K in CallKind]: Request<K> }[CallKind]

export type Reply =
  | { readonly id: number; readonly kind: 'done'; readonly output: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly failure: Failure }

/** An error as it crosses threads: classes do not. */
export type Failure = Pick<IsthmusError, 'code' | 'message' | 'retry' | 'details'>

export interface SqliteFile {
  readonly path: string
  /** One process writes a file; any number read it. */
  readonly mode: 'read' | 'write'
  /** A trace is removed when nothing was written to it for so long. */
  readonly retentionMs: number
}
