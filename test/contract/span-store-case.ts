import type { Span, Trace } from '../../trace-converter/span/model.ts'
import type { SpanStore } from '../../trace-converter/store.ts'

/** One promise of the port. It gets a store of its own, empty. */
export interface StoreCase {
  readonly title: string
  readonly run: (store: SpanStore) => Promise<void>
}

export function promise(title: string, run: StoreCase['run']): StoreCase {
  return { title, run }
}

export const NEVER = new AbortController().signal

/** Everything that a scan of all time brings. */
export async function everything(store: SpanStore): Promise<readonly Trace[]> {
  return scanned(store, 0, Number.MAX_SAFE_INTEGER)
}

export async function scanned(
  store: SpanStore,
  fromUs: number,
  toUs: number,
): Promise<readonly Trace[]> {
  const traces: Trace[] = []
  for await (const batch of store.scan({ fromUs, toUs }, NEVER)) traces.push(...batch)
  return traces
}

/** For comparing: the order of spans, and the format that they were read in, are the store's own. */
export function sorted(spans: readonly Span[]): readonly Span[] {
  return spans
    .map((span): Span => ({ ...span, provenance: { ...span.provenance, format: 'otlp' } }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

export function ids(traces: readonly Trace[]): readonly string[] {
  return traces.map(({ traceId }) => traceId)
}
