import { expect } from '@jest/globals'
import type { Span } from '../../trace-converter/span/model.ts'
import type { TraceQuery } from '../../trace-converter/store.ts'
import { BASE_US, sampleSpan, stringValue, traceIdOf, without } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, ids, promise } from './span-store-case.ts'

const SECOND_US = 1_000_000

/** Trace n starts n seconds after the base. */
function at(trace: number, span: number, fields: Parameters<typeof sampleSpan>[2] = {}): Span {
  return sampleSpan(`${trace}`, `${span}`, { startUs: BASE_US + trace * SECOND_US, ...fields })
}

const SPANS: readonly Span[] = [
  at(1, 1, { local: { service: 'Shop' }, remote: { service: 'Cart' }, name: 'GET /a' }),
  at(1, 2, { local: { service: 'cart' }, name: 'add', durationUs: 500 }),
  at(2, 1, { local: { service: 'shop' }, name: 'get /b', durationUs: 0 }),
  at(3, 1, {
    local: { service: 'cart' },
    name: 'add',
    durationUs: 9_000,
    tags: [
      { key: 'error', value: stringValue('') },
      { key: 'http.status', value: { type: 'int64', value: 500 } },
    ],
  }),
  at(3, 2, {
    local: { service: 'shop' },
    name: 'get /a',
    tags: [{ key: 'a', value: stringValue('b') }],
  }),
  at(4, 1, {
    local: { service: 'stock' },
    events: [
      { timeUs: BASE_US, name: 'retry', fields: [{ key: 'reason', value: stringValue('reset') }] },
    ],
    process: [{ key: 'zone', value: stringValue('eu') }],
  }),
  without(at(5, 1, { local: { service: 'stock' } }), 'durationUs', 'name'),
]

/** Conditions, and the traces that meet them, newest first. */
const TABLE: readonly (readonly [string, Partial<TraceQuery>, readonly number[]])[] = [
  ['no condition', {}, [5, 4, 3, 2, 1]],
  ['a service, in any case', { service: 'SHOP' }, [3, 2, 1]],
  ['a service that there is not', { service: 'nobody' }, []],
  ['a span name, in any case', { service: 'shop', spanName: 'get /A' }, [3, 1]],
  ['a span name of another service', { service: 'cart', spanName: 'get /a' }, []],
  ['a span name without a service', { spanName: 'add' }, [3, 1]],
  ['a remote service', { service: 'shop', remoteService: 'cart' }, [1]],
  ['a remote service without a service', { remoteService: 'CART' }, [1]],
  ['a least duration, itself in it', { service: 'cart', minDurationUs: 9_000 }, [3]],
  ['a least duration of another service', { service: 'stock', minDurationUs: 9_000 }, []],
  ['a most duration', { service: 'shop', minDurationUs: 1, maxDurationUs: 999 }, []],
  ['a duration of 0, which is not an absent one', { minDurationUs: 0, maxDurationUs: 0 }, [2]],
  ['a tag with its text', { service: 'shop', tags: [{ key: 'a', value: 'b' }] }, [3]],
  ['a tag with another text', { service: 'shop', tags: [{ key: 'a', value: 'c' }] }, []],
  ['a tag of a number by its text', { tags: [{ key: 'http.status', value: '500' }] }, [3]],
  ['a tag by its key', { service: 'cart', tags: [{ key: 'error' }] }, [3]],
  ['a tag with an empty text', { tags: [{ key: 'error', value: '' }] }, [3]],
  ['an event by its name', { tags: [{ key: 'retry' }] }, [4]],
  ['a field of an event', { tags: [{ key: 'reason', value: 'reset' }] }, [4]],
  ['an attribute of the process', { tags: [{ key: 'zone', value: 'eu' }] }, [4]],
  ['tags of two spans', { tags: [{ key: 'error' }, { key: 'a' }] }, []],
  ['two tags of one span', { tags: [{ key: 'error' }, { key: 'http.status' }] }, [3]],
  [
    'everything together',
    {
      service: 'cart',
      spanName: 'add',
      minDurationUs: 1,
      maxDurationUs: 9_000,
      tags: [{ key: 'error' }, { key: 'http.status', value: '500' }],
    },
    [3],
  ],
  ['a limit: the newest', { limit: 2 }, [5, 4]],
  ['a limit with a condition', { service: 'shop', limit: 2 }, [3, 2]],
  ['a range, half open', { range: within(2, 4) }, [3, 2]],
  ['a range with a condition', { range: within(2, 4), service: 'cart' }, [3]],
  ['a range with nothing in it', { range: within(6, 9) }, []],
]

export const STORE_SEARCHING: readonly StoreCase[] = [
  ...TABLE.map(([what, conditions, expected]) =>
    promise(`finds traces by ${what}`, async (store) => {
      await store.append(SPANS, NEVER)
      const query: TraceQuery = { range: within(0, 100), limit: 10, ...conditions }
      expect(ids(await store.findTraces(query, NEVER))).toEqual(
        expected.map((n) => traceIdOf(`${n}`)),
      )
    }),
  ),
  promise('finds a trace that reaches into the range from long before it, whole', async (store) => {
    const long = [at(1, 1), at(1, 2, { startUs: BASE_US + 3_600 * SECOND_US })]
    await store.append([...long, at(7, 1)], NEVER)
    const query = { range: within(3_000, 4_000), limit: 10, service: 'frontend' }
    const found = await store.findTraces(query, NEVER)
    expect(found.map(({ spans }) => spans.length)).toEqual([2])
  }),
  promise('names services, operations and remote services, sorted and as stored', async (store) => {
    await store.append(SPANS, NEVER)
    expect(await store.services(NEVER)).toEqual(['Shop', 'cart', 'shop', 'stock'])
    expect(await store.operations('shop', NEVER)).toEqual([
      { name: 'GET /a', kind: 'server' },
      { name: 'get /a', kind: 'server' },
      { name: 'get /b', kind: 'server' },
    ])
    expect(await store.remoteServices('SHOP', NEVER)).toEqual(['Cart'])
    expect(await store.operations('nobody', NEVER)).toEqual([])
  }),
  promise('sorts operations of one name by kind, one without a kind first', async (store) => {
    const kinds = ['server', 'client', undefined] as const
    await store.append(
      kinds.map((kind, n) => (kind ? at(1, n + 1, { kind }) : without(at(1, n + 1), 'kind'))),
      NEVER,
    )
    expect(await store.operations('frontend', NEVER)).toEqual([
      { name: 'get /' },
      { name: 'get /', kind: 'client' },
      { name: 'get /', kind: 'server' },
    ])
  }),
  promise('answers nothing when it is empty', async (store) => {
    expect(await store.findTraces({ range: within(0, 9), limit: 10 }, NEVER)).toEqual([])
    expect(await store.findTrace(traceIdOf('1'), NEVER)).toBeUndefined()
    expect(await store.services(NEVER)).toEqual([])
    expect(await store.operations('a', NEVER)).toEqual([])
    expect(await store.remoteServices('a', NEVER)).toEqual([])
  }),
]

function within(fromSeconds: number, toSeconds: number): TraceQuery['range'] {
  return { fromUs: BASE_US + fromSeconds * SECOND_US, toUs: BASE_US + toSeconds * SECOND_US }
}
