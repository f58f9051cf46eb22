import { expect } from '@jest/globals'
import { BASE_US, sampleSpan, traceIdOf } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, scanned, promise } from './span-store-case.ts'

const ABORTED = AbortSignal.abort()

export const STORE_ENDING: readonly StoreCase[] = [
  promise('does nothing for a caller that has given up', async (store) => {
    const range = { fromUs: 0, toUs: 1 }
    const span = sampleSpan('1', '1')
    const gaveUp = { name: 'AbortError' }
    await expect(store.append([span], ABORTED)).rejects.toMatchObject(gaveUp)
    await expect(store.findTrace(span.traceId, ABORTED)).rejects.toMatchObject(gaveUp)
    await expect(store.findRelated([span.traceId], ABORTED)).rejects.toMatchObject(gaveUp)
    if (store.findsSpanIds) {
      const query = { ids: [span.id], end: 'holds', limit: 1 } as const
      await expect(store.findBySpanIds(query, ABORTED)).rejects.toMatchObject(gaveUp)
    }
    await expect(store.findTraces({ range, limit: 1 }, ABORTED)).rejects.toMatchObject(gaveUp)
    await expect(store.services(ABORTED)).rejects.toMatchObject(gaveUp)
    expect(await store.findTrace(span.traceId, NEVER)).toBeUndefined()
  }),
  promise('ends a scan when its caller gives up', async (store) => {
    const spans = Array.from({ length: 2_500 }, (_, n) => sampleSpan(`${n + 1}`, '1'))
    await store.append(spans, NEVER)
    const abort = new AbortController()
    const range = { fromUs: 0, toUs: BASE_US * 2 }
    const walk = async (): Promise<void> => {
      for await (const batch of store.scan(range, abort.signal)) {
        if (batch.length > 0) abort.abort()
      }
    }
    await expect(walk()).rejects.toMatchObject({ name: 'AbortError' })
  }),
  promise('says that it is closed, and closes twice', async (store) => {
    await store.append([sampleSpan('1', '1')], NEVER)
    await store[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    const closed = { code: 'STORE_UNAVAILABLE' }
    await expect(store.findTrace(traceIdOf('1'), NEVER)).rejects.toMatchObject(closed)
    await expect(scanned(store, 0, 1)).rejects.toMatchObject(closed)
    await expect(store.append([], NEVER)).rejects.toMatchObject(closed)
  }),
]
