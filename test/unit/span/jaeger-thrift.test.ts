import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import jaeger from 'jaeger-client'
import { decodeJaegerThrift } from '../../../trace-converter/span/jaeger-thrift.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { tagText } from '../../../trace-converter/span/model.ts'
import { startReceiver } from '../../support/receiver.ts'

let bytes: Buffer
let sent: { traceId: string; serverId: string; clientId: string }

/** Real bytes: what jaeger-client itself posts. */
beforeAll(async () => {
  await using receiver = await startReceiver()
  const tracer = jaeger.initTracer(
    {
      serviceName: 'orders',
      sampler: { type: 'const', param: 1 },
      reporter: { collectorEndpoint: `${receiver.url}/api/traces`, flushIntervalMs: 10 },
    },
    { traceId128bit: true },
  )
  const server = tracer.startSpan('GET /orders', {
    tags: { 'span.kind': 'server', text: 'grün', count: 7, ratio: 0.5, ok: true },
  })
  const client = tracer.startSpan('GET stock', {
    childOf: server,
    tags: { 'span.kind': 'client', 'peer.service': 'stock' },
  })
  client.finish()
  server.finish()
  sent = {
    traceId: server.context().traceIdStr,
    serverId: server.context().spanIdStr,
    clientId: client.context().spanIdStr,
  }
  await new Promise<void>((resolve) => tracer.close(resolve))
  const request = receiver.requests[0]
  if (!request) throw new Error('jaeger-client sent nothing')
  expect(request.contentType).toBe('application/x-thrift')
  bytes = request.body
})

const decoded = (): readonly Span[] => {
  const result = decodeJaegerThrift(bytes, { store: 'mesh' })
  expect(result?.problems).toEqual([])
  return result?.spans ?? []
}

describe('a batch that jaeger-client posted', () => {
  test('its spans keep their ids, kinds and names', () => {
    const byId = new Map<string, Span>(decoded().map((span) => [span.id, span]))
    expect(byId.get(sent.serverId.padStart(16, '0'))).toMatchObject({
      traceId: sent.traceId.padStart(32, '0'),
      traceIdWidth: 32,
      kind: 'server',
      name: 'GET /orders',
      local: { service: 'orders' },
      provenance: { stores: ['mesh'], format: 'jaeger-thrift' },
    })
    expect(byId.get(sent.clientId.padStart(16, '0'))).toMatchObject({
      parentId: sent.serverId.padStart(16, '0'),
      kind: 'client',
      remote: { service: 'stock' },
    })
  })

  test('tags keep their types', () => {
    const server = decoded().find((span) => span.kind === 'server')
    expect(server && tagText(server.tags, 'text')).toBe('grün')
    expect(server?.tags.filter(({ key }) => ['count', 'ratio', 'ok'].includes(key))).toEqual([
      { key: 'count', value: { type: 'float64', value: 7 } }, // the client sends every number so
      { key: 'ratio', value: { type: 'float64', value: 0.5 } },
      { key: 'ok', value: { type: 'bool', value: true } },
    ])
  })

  test('times are whole microseconds of today', () => {
    for (const span of decoded()) {
      expect(span.startUs).toBeGreaterThan(1.6e15)
      expect(Number.isInteger(span.startUs)).toBe(true)
      expect(span.durationUs).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('bytes that are no batch', () => {
  test.each([
    ['nothing at all', new Uint8Array()],
    ['JSON', Buffer.from('{"process":{}}')],
    ['a struct without the fields of a batch', Uint8Array.of(8, 0, 9, 0, 0, 0, 1, 0)],
    [
      'a list that says it is longer than the body',
      Uint8Array.of(15, 0, 2, 12, 127, 255, 255, 255),
    ],
  ])('%s: undefined, not an error', (_why, body) => {
    expect(decodeJaegerThrift(body, { store: 'mesh' })).toBeUndefined()
  })

  test('a batch that is cut anywhere is refused whole', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeJaegerThrift(bytes.subarray(0, length), { store: 'mesh' })).toBeUndefined()
    }
  })

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        decodeJaegerThrift(body, { store: 'mesh' })
      }),
    )
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = value
        decodeJaegerThrift(changed, { store: 'mesh' })
      }),
    )
  })
})
