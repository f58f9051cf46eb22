import { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { SpanReader, SpanStore } from '../../trace-converter/store.ts'
import { startJsonServer } from './json-server.ts'
import type { Answer } from './json-server.ts'
import { readerOver } from './reader-over.ts'

/** What a replica answers from; `undefined` for a path that the server does not have. */
export type Replica = (url: URL, store: MemorySpanStore) => Promise<Answer | undefined>

/**
 * A store that is written directly and read over HTTP, as a backend's documented API answers:
 * it lets the contract ask a reader of that API.
 */
export async function servedStore(
  replica: Replica,
  open: (url: string) => SpanReader & AsyncDisposable,
): Promise<SpanStore> {
  const store = new MemorySpanStore({ name: 'raw', maxSpans: 100_000 }, systemClock)
  const server = await startJsonServer(
    async (url) => (await replica(url, store)) ?? { status: 404, body: 'not found' },
  )
  const reader = open(server.url)
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await reader[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  }
  return {
    ...readerOver(reader, {}),
    append: (spans, signal) => store.append(spans, signal),
    replace: (traces, signal) => store.replace(traces, signal),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

export function numberOf(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name)
  return text === null ? undefined : Number(text)
}

/** Leaves out what is absent, so that a query says only what was asked for. */
export function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}
