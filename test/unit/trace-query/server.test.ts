import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { MemorySpanStore } from '../../../adapters/span-stores/memory/store.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { createQueryServer } from '../../../src/trace-query/server.ts'
import { fetch } from '../../support/fetch.ts'

const SHORT = '000000000000abcd'
const NOW_MS = Date.now()
const NOW_US = NOW_MS * 1_000

const client = {
  traceId: SHORT,
  id: '0000000000000001',
  kind: 'CLIENT',
  name: 'get /orders',
  timestamp: NOW_US - 5_000,
  duration: 4_000,
  localEndpoint: { serviceName: 'web', ipv4: '10.0.0.1' },
  remoteEndpoint: { serviceName: 'orders' },
  tags: { 'http.method': 'GET' },
}
const server = {
  traceId: SHORT,
  parentId: '0000000000000001',
  id: '0000000000000002',
  kind: 'SERVER',
  name: 'get /orders',
  timestamp: NOW_US - 4_000,
  duration: 2_000,
  localEndpoint: { serviceName: 'orders', ipv4: '10.0.0.2' },
  tags: { error: 'out of stock' },
}

let store: MemorySpanStore
let app: FastifyInstance
let url: string

beforeEach(async () => {
  store = new MemorySpanStore({ name: 'all', maxSpans: 1_000 }, systemClock)
  const taken = { name: 'all', writer: store }
  app = createQueryServer({
    reader: store,
    intake: {
      zipkin: taken,
      otlp: taken,
      jaeger: taken,
      maxBodyBytes: 4_096,
      log: silentLog,
      metrics: new Metrics(),
    },
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await app.close()
})

const json = { 'content-type': 'application/json' }

interface Answer {
  readonly status: number
  readonly text: string
  /** The parsed body, when it is JSON. */
  readonly body: unknown
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url + path, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, text, body: isJson ? (JSON.parse(text) as unknown) : undefined }
}

const get = (path: string): Promise<Answer> => ask(path)

const post = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = json,
  path = '/api/v2/spans',
): Promise<Answer> => ask(path, { method: 'POST', headers, body })

const spansOf = (...spans: readonly object[]): string => JSON.stringify(spans)

describe('Zipkin v2', () => {
  beforeEach(async () => {
    expect((await post(spansOf(client, server))).status).toBe(202)
  })

  test('names are sorted and belong to the service that was asked for', async () => {
    expect((await get('/api/v2/services')).body).toEqual(['orders', 'web'])
    expect((await get('/api/v2/spans?serviceName=web')).body).toEqual(['get /orders'])
    expect((await get('/api/v2/remoteServices?serviceName=web')).body).toEqual(['orders'])
  })

  test.each([
    ['as stored', SHORT],
    ['padded to 32 digits', SHORT.padStart(32, '0')],
    ['without its zeros', 'abcd'],
    ['in upper case, with spaces round it', ` ${SHORT.toUpperCase()} `],
  ])('a trace is found by its id %s', async (_why, id) => {
    const { status, body } = await get(`/api/v2/trace/${encodeURIComponent(id)}`)
    expect(status).toBe(200)
    expect((body as { id: string }[]).map((span) => span.id).sort()).toEqual([client.id, server.id])
  })

  test('what was sent is answered field by field', async () => {
    const { body } = await get(`/api/v2/trace/${SHORT}`)
    const found = (body as { id: string }[]).find(({ id }) => id === client.id)
    expect(found).toEqual(client)
  })

  test.each([
    ['the service', 'serviceName=web', 1],
    ['another service', 'serviceName=stock', 0],
    ['the remote service', 'serviceName=web&remoteServiceName=orders', 1],
    ['a tag with its value', 'annotationQuery=http.method%3DGET', 1],
    ['a tag with another value', 'annotationQuery=http.method%3DPUT', 0],
    ['a duration that fits', 'minDuration=3000&maxDuration=5000', 1],
    ['a duration that is too long', 'minDuration=5000', 0],
    ['any name, as the UI says it', 'serviceName=web&spanName=all', 1],
    ['an end before it', `endTs=${String(NOW_MS - 60_000)}`, 0],
  ])('search by %s', async (_why, query, count) => {
    const { body } = await get(`/api/v2/traces?${query}`)
    expect(body).toHaveLength(count)
  })

  test('dependencies count calls and errors', async () => {
    const { body } = await get(`/api/v2/dependencies?endTs=${String(NOW_MS + 1_000)}`)
    expect(body).toEqual([{ parent: 'web', child: 'orders', callCount: 1, errorCount: 1 }])
  })

  test.each([
    ['an id that is none', '/api/v2/trace/xyz', 400, 'xyz is not a trace id'],
    ['an id nobody stored', '/api/v2/trace/beef', 404, 'beef not found'],
    ['no service to list spans of', '/api/v2/spans', 400, 'serviceName is required'],
    ['two bad parameters, both named', '/api/v2/traces?limit=0&endTs=x', 400, 'limit must'],
    ['maxDuration alone', '/api/v2/traces?maxDuration=5', 400, 'only valid with minDuration'],
    ['one id of many', '/api/v2/traceMany?traceIds=abcd', 400, 'two or more ids'],
    ['the same id twice', '/api/v2/traceMany?traceIds=abcd,ABCD', 400, 'must not repeat'],
    ['dependencies until when?', '/api/v2/dependencies', 400, 'endTs is required'],
  ])('refuses %s in plain text', async (_why, path, status, message) => {
    const answer = await get(path)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(message)
  })
})

describe('Jaeger v1', () => {
  beforeEach(async () => {
    await post(spansOf(client, server))
  })

  test('answers in its envelope', async () => {
    expect((await get('/api/services')).body).toEqual({
      data: ['orders', 'web'],
      total: 2,
      limit: 0,
      offset: 0,
      errors: null,
    })
    const operations = await get('/api/operations?service=web&spanKind=client')
    expect(operations.body).toMatchObject({ data: [{ name: 'get /orders', spanKind: 'client' }] })
    const names = await get('/api/services/orders/operations')
    expect(names.body).toMatchObject({ data: ['get /orders'] })
  })

  test('one trace, as its UI and Grafana read it', async () => {
    const { body } = await get(`/api/traces/${SHORT}`)
    const [trace] = (body as { data: { spans: object[]; processes: object }[] }).data
    expect(trace?.spans).toHaveLength(2)
    expect(trace?.spans).toContainEqual(
      expect.objectContaining({
        spanID: server.id,
        startTime: server.timestamp,
        duration: 2_000,
        references: [{ refType: 'CHILD_OF', traceID: expect.any(String), spanID: client.id }],
      }),
    )
    expect(Object.values(trace?.processes ?? {})).toContainEqual(
      expect.objectContaining({ serviceName: 'orders' }),
    )
  })

  test.each([
    ['service and operation', 'service=web&operation=get%20/orders', 1],
    ['another operation', 'service=web&operation=put', 0],
    ['a tag', 'service=web&tag=http.method:GET', 1],
    ['tags as JSON', `service=web&tags=${encodeURIComponent('{"http.method":"PUT"}')}`, 0],
    ['a duration in Go’s text', 'service=web&minDuration=3ms&maxDuration=5ms', 1],
    ['ids', `traceID=${SHORT}`, 1],
    ['a range before it', 'service=web&start=0&end=1', 0],
  ])('search by %s', async (_why, query, count) => {
    const { status, body } = await get(`/api/traces?${query}`)
    expect(status).toBe(200)
    expect((body as { data: unknown[] }).data).toHaveLength(count)
  })

  test.each([
    ['a search without a service', '/api/traces', 400, 'service is required'],
    [
      'a duration without a unit',
      '/api/traces?service=a&minDuration=5',
      400,
      'minDuration must be',
    ],
    ['an id that is none', '/api/traces/xyz', 400, 'id must be a trace id'],
    ['a trace nobody stored', '/api/traces/beef', 404, 'trace not found'],
    ['an unknown kind', '/api/operations?service=a&spanKind=x', 400, 'spanKind must be one of'],
  ])('refuses %s in its envelope', async (_why, path, status, msg) => {
    const answer = await get(path)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({
      errors: [{ code: status, msg: expect.stringContaining(msg) }],
    })
  })
})

describe('intake', () => {
  test('gzip is understood', async () => {
    const zipped = new Uint8Array(gzipSync(spansOf(client)))
    const answer = await post(zipped, { ...json, 'content-encoding': 'gzip' })
    expect(answer.status).toBe(202)
    expect((await get(`/api/v2/trace/${SHORT}`)).status).toBe(200)
  })

  test('OTLP/HTTP JSON: 200 and an empty object', async () => {
    const answer = await post(
      JSON.stringify({
        resourceSpans: [
          {
            resource: {
              attributes: [{ key: 'service.name', value: { stringValue: 'billing' } }],
            },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb',
                    spanId: '00000000000000aa',
                    name: 'charge',
                    kind: 2,
                    startTimeUnixNano: `${String(NOW_US)}000`,
                    endTimeUnixNano: `${String(NOW_US + 10)}000`,
                  },
                ],
              },
            ],
          },
        ],
      }),
      json,
      '/v1/traces',
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({})
    expect((await get('/api/v2/services')).body).toEqual(['billing'])
  })

  test('a bad span is named and does not cost the good one', async () => {
    const answer = await post(spansOf(client, { ...server, traceId: 'nonsense' }))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('1 stored, 1 refused: span 1:')
    expect((await get(`/api/v2/trace/${SHORT}`)).body).toHaveLength(1)
  })

  test.each([
    ['no JSON', '{', json, 400],
    ['a media type it does not read', '[]', { 'content-type': 'application/x-protobuf' }, 415],
    ['a body past the limit', JSON.stringify('x'.repeat(5_000)), json, 413],
    ['a content encoding it does not know', '[]', { ...json, 'content-encoding': 'br' }, 400],
  ])('refuses %s', async (_why, payload, headers, status) => {
    const answer = await post(payload, headers)
    expect(answer.status).toBe(status)
  })

  test('media types and codings are read in any case', async () => {
    const headers = {
      'content-type': 'Application/JSON; Charset=UTF-8',
      'content-encoding': 'GZIP',
    }
    expect((await post(new Uint8Array(gzipSync('[]')), headers)).status).toBe(202)
  })

  test('another media type is told which it takes', async () => {
    const answer = await post('[]', { 'content-type': 'text/plain' })
    expect(answer.text).toContain('/api/v2/spans takes application/json"')
  })

  test('a small body that unpacks past the limit is refused too', async () => {
    const bomb = new Uint8Array(gzipSync(JSON.stringify('x'.repeat(100_000))))
    expect(bomb.length).toBeLessThan(4_096)
    const answer = await post(bomb, { ...json, 'content-encoding': 'gzip' })
    expect(answer.status).toBe(413)
  })

  test.each([
    ['is away', new IsthmusError('STORE_UNAVAILABLE', 'away', { retry: true }), 503],
    ['takes too long', new DOMException('took too long', 'TimeoutError'), 503],
    ['fails as nobody expected', new TypeError('broken'), 500],
  ])(
    'a store that %s: the sender learns whether to try again, the log why',
    async (_why, failure, status) => {
      const lines: string[] = []
      const failing = createQueryServer({
        reader: store,
        intake: {
          zipkin: {
            name: 'all',
            writer: {
              append: () => Promise.reject(failure),
              replace: () => Promise.resolve(),
            },
          },
          maxBodyBytes: 4_096,
          log: pino({}, { write: (line) => void lines.push(line) }),
          metrics: new Metrics(),
        },
      })
      await app.close()
      app = failing
      url = await failing.listen({ host: '127.0.0.1', port: 0 })
      expect((await post(spansOf(client))).status).toBe(status)
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ route: '/api/v2/spans', status })
    },
  )
})
