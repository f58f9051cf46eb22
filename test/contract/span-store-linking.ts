import { expect } from '@jest/globals'
import type { SpanEnd } from '../../trace-converter/span/ends.ts'
import type { Trace } from '../../trace-converter/span/model.ts'
import type { SpanStore } from '../../trace-converter/store.ts'
import { BASE_US, sampleSpan, spanIdOf, traceIdOf } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, promise } from './span-store-case.ts'

const PARENT = 'a000000000000001'
const CHILD = 'c000000000000001'
const ABOVE = sampleSpan('aa', PARENT)
const BELOW = sampleSpan('bb', CHILD, { parentId: spanIdOf(PARENT) })

async function found(
  store: SpanStore,
  end: SpanEnd,
  ids: readonly string[],
  limit = 10,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const traces = await store.findBySpanIds({ ids: ids.map(spanIdOf), end, limit }, NEVER)
  return Object.fromEntries([...traces].map(([id, own]) => [id, [...own].sort()]))
}

/** What `stitch` makes of the two: one trace that still knows what was stored. */
function joined(): Trace {
  const provenance = { ...BELOW.provenance, originals: [BELOW], repairs: ['trace-id'] }
  const spans = [ABOVE, { ...BELOW, traceId: ABOVE.traceId, provenance }]
  return { traceId: ABOVE.traceId, spans, aliases: [BELOW.traceId], notes: [] }
}

const ENDS: readonly StoreCase[] = [
  promise('finds traces by the ids of their spans', async (store) => {
    await store.append([ABOVE, BELOW, sampleSpan('dd', PARENT)], NEVER)
    expect(await found(store, 'holds', [PARENT, CHILD, 'f00000000000000f'])).toEqual({
      [PARENT]: [traceIdOf('aa'), traceIdOf('dd')],
      [CHILD]: [traceIdOf('bb')],
    })
  }),
  promise('finds traces by the parents that they miss', async (store) => {
    await store.append([ABOVE, BELOW], NEVER)
    const expected = { [PARENT]: [traceIdOf('bb')] }
    expect(await found(store, 'misses', [PARENT, CHILD])).toEqual(expected)
  }),
  promise('finds a server by the id that it shares with a client elsewhere', async (store) => {
    await store.append([sampleSpan('bb', PARENT, { shared: true })], NEVER)
    expect(await found(store, 'misses', [PARENT])).toEqual({ [PARENT]: [traceIdOf('bb')] })
  }),
  promise('misses a parent no more that came to its trace later', async (store) => {
    await store.append([BELOW], NEVER)
    await store.append([sampleSpan('bb', PARENT, { startUs: BASE_US - 1 })], NEVER)
    expect(await found(store, 'misses', [PARENT])).toEqual({})
    expect(await found(store, 'holds', [PARENT])).toEqual({ [PARENT]: [traceIdOf('bb')] })
  }),
  promise('looks up no span ids that repeat by chance', async (store) => {
    await store.append([sampleSpan('aa', '1'), sampleSpan('aa', 'ffffffff')], NEVER)
    expect(await found(store, 'holds', ['1', 'ffffffff'])).toEqual({})
  }),
]

const BOUNDS: readonly StoreCase[] = [
  promise('names so many traces of a span id as it is asked for', async (store) => {
    const spans = Array.from({ length: 50 }, (_, n) => sampleSpan(`${n + 1}`, PARENT))
    await store.append(spans, NEVER)
    expect((await found(store, 'holds', [PARENT], 7))[PARENT]).toHaveLength(7)
    expect((await found(store, 'holds', [PARENT], 99))[PARENT]).toHaveLength(50)
    expect(await found(store, 'holds', [PARENT], 0)).toEqual({})
    expect(await found(store, 'holds', [])).toEqual({})
  }),
]

const STITCHED: readonly StoreCase[] = [
  promise('finds a stitched trace by what its parts hold and miss as stored', async (store) => {
    await store.replace([joined()], NEVER)
    const home = { [PARENT]: [traceIdOf('aa')] }
    expect(await found(store, 'holds', [PARENT])).toEqual(home)
    expect(await found(store, 'misses', [PARENT])).toEqual(home)
  }),
  promise('no longer finds span ids of what was replaced', async (store) => {
    await store.append([BELOW], NEVER)
    await store.replace([{ ...joined(), spans: [ABOVE] }], NEVER)
    expect(await found(store, 'misses', [PARENT])).toEqual({})
    expect(await found(store, 'holds', [CHILD])).toEqual({})
  }),
]

const SAYS: StoreCase = promise('says whether it can look up span ids', async (store) => {
  await store.append([ABOVE], NEVER)
  const holders = await found(store, 'holds', [PARENT])
  expect(Object.keys(holders)).toHaveLength(store.findsSpanIds ? 1 : 0)
})

const LOOKING_UP: readonly StoreCase[] = [...ENDS, ...BOUNDS, ...STITCHED]

export const STORE_LINKING: readonly StoreCase[] = [SAYS, ...LOOKING_UP]

/** What a backend cannot keep whose API has no search by span id. */
export const LINKING_TITLES = LOOKING_UP.map(({ title }) => title)
