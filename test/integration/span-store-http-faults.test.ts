import { describe, expect, test } from '@jest/globals'
import { JaegerSpanReader } from '../../adapters/span-stores/jaeger/reader.ts'
import { ZipkinSpanReader } from '../../adapters/span-stores/zipkin/reader.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { SpanReader, TraceQuery } from '../../trace-converter/store.ts'
import { NEVER, ids } from '../contract/span-store-case.ts'
import { startJsonServer } from '../support/json-server.ts'
import { jaegerReplica } from '../support/jaeger-replica.ts'
import { servedStore } from '../support/served-store.ts'
import { BASE_US, sampleSpan, traceIdOf } from '../support/spans.ts'
import { zipkinReplica } from '../support/zipkin-replica.ts'

type Open = (url: string) => SpanReader & AsyncDisposable

const zipkin: Open = (url) => new ZipkinSpanReader({ name: 'raw', url, log: silentLog })
const jaeger: Open = (url) => new JaegerSpanReader({ name: 'raw', url, log: silentLog })

const BOTH = [
  ['zipkin', zipkin, zipkinReplica],
  ['jaeger', jaeger, jaegerReplica],
] as const

const QUERY: TraceQuery = { range: { fromUs: 0, toUs: BASE_US * 2 }, limit: 10 }

describe.each(BOTH)('%s over HTTP', (_name, open, replica) => {
  test('halves a range until no answer is cut off, and brings each trace', async () => {
    await using store = await servedStore(replica, open)
    const spans = Array.from({ length: 1_300 }, (_, n) =>
      sampleSpan(`${n + 1}`, '1', { startUs: BASE_US + n * 1_000 }),
    )
    await store.append(spans, NEVER)
    const seen = new Set<string>()
    const range = { fromUs: BASE_US, toUs: BASE_US + 1_300_000 }
    for await (const batch of store.scan(range, NEVER)) for (const id of ids(batch)) seen.add(id)
    expect(seen.size).toBe(spans.length)
  })

  test.each([
    ['503: it may pass', 503, '{}', 'STORE_UNAVAILABLE', true],
    ['429: it may pass', 429, '{}', 'STORE_UNAVAILABLE', true],
    ['401: it will not pass', 401, '{}', 'STORE_REFUSED', false],
    ['a page instead of JSON', 200, '<html>', 'STORE_REFUSED', false],
    ['JSON of something else', 200, '{"a":1}', 'STORE_REFUSED', false],
  ])('%s', async (_what, status, body, code, retry) => {
    await using server = await startJsonServer(() => ({ status, body }))
    await using reader = open(server.url)
    await expect(reader.services(NEVER)).rejects.toMatchObject({ code, retry })
  })

  test('nobody there: unavailable, with the address', async () => {
    const server = await startJsonServer(() => ({ status: 200, body: [] }))
    await server[Symbol.asyncDispose]()
    await using reader = open(server.url)
    const found = reader.findTrace(traceIdOf('1'), NEVER)
    await expect(found).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retry: true,
      details: { url: expect.stringContaining(server.url) },
    })
  })

  test('a caller that gives up does not wait for a silent server', async () => {
    await using server = await startJsonServer(() => new Promise(() => undefined))
    await using reader = open(server.url)
    const abort = new AbortController()
    const found = reader.services(abort.signal)
    abort.abort()
    await expect(found).rejects.toMatchObject({ name: 'AbortError' })
  })
})

test.each([
  ['no service', {}, 'service'],
  ['a remote service', { service: 'a', remoteService: 'b' }, 'remoteService'],
  ['a tag without a value', { service: 'a', tags: [{ key: 'error' }] }, 'tags'],
])('Jaeger refuses %s and says which field', async (_what, conditions, field) => {
  await using store = await servedStore(jaegerReplica, jaeger)
  const found = store.findTraces({ ...QUERY, ...conditions }, NEVER)
  await expect(found).rejects.toMatchObject({ code: 'QUERY_INVALID', details: { field } })
})

test.each([['a=b'], ['a and b'], [' a'], ['']])('Zipkin refuses the tag key "%s"', async (key) => {
  await using store = await servedStore(zipkinReplica, zipkin)
  const found = store.findTraces({ ...QUERY, tags: [{ key, value: 'x' }] }, NEVER)
  await expect(found).rejects.toMatchObject({ code: 'QUERY_INVALID', details: { field: 'tags' } })
})
