import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import type { AnyDecoded } from '../../../trace-converter/span/detect.ts'
import { decodeAny } from '../../../trace-converter/span/detect.ts'
import { encodeJaegerTrace } from '../../../trace-converter/span/jaeger-ui.ts'
import { encodeOtlpSpans } from '../../../trace-converter/span/otlp-json.ts'
import { encodeZipkinSpan } from '../../../trace-converter/span/zipkin-json.ts'
import { traceId } from './arbitrary-span.ts'

function textOf(name: string): string {
  return readFileSync(new URL(`../../vectors/spans/${name}`, import.meta.url), 'utf8')
}

function read(name: string): AnyDecoded {
  return decodeAny(textOf(name), { store: 'file' })
}

describe('Zipkin v2', () => {
  const { format, spans, problems } = read('zipkin.json')
  const [client, server, bare] = spans

  test('keeps all that it says', () => {
    expect({ format, problems }).toEqual({ format: 'zipkin-v2', problems: [] })
    expect(client).toEqual({
      traceId: '00000000000000005af7183fb1d4cf5f',
      traceIdWidth: 16,
      id: '6b221d5bc9e6496c',
      kind: 'client',
      debug: true,
      name: 'get /api',
      startUs: 1556604172355737,
      durationUs: 1431,
      local: { service: 'frontend', ipv4: '127.0.0.1' },
      process: [],
      remote: { service: 'backend', ipv4: '192.168.99.101', port: 9000 },
      tags: [
        { key: 'http.method', value: { type: 'string', value: 'GET' } },
        { key: 'http.path', value: { type: 'string', value: '/api' } },
      ],
      events: [{ timeUs: 1556604172355800, name: 'ws', fields: [] }],
      links: [],
      warnings: [],
      provenance: { stores: ['file'], format: 'zipkin-v2', repairs: [] },
    })
  })

  test('the presence of the error tag is an error, whatever it says', () => {
    expect(server).toMatchObject({ shared: true, status: { code: 'error', message: '500' } })
  })

  test('what it does not say is absent, never a default', () => {
    expect(Object.keys(bare ?? {}).sort()).toEqual(
      ['events', 'id', 'links', 'local', 'process', 'provenance', 'tags'].concat([
        ...['traceId', 'traceIdWidth', 'warnings'],
      ]),
    )
  })

  test('is written back as it was', () => {
    expect(spans.map(encodeZipkinSpan)).toEqual(JSON.parse(textOf('zipkin.json')))
  })
})

describe('Jaeger, answers of the query API', () => {
  const { format, spans, problems } = read('jaeger-ui.json')
  const [first, forced] = spans

  test('keeps types, references, process and warnings', () => {
    expect({ format, problems }).toEqual({ format: 'jaeger-ui', problems: [] })
    expect(first).toMatchObject({
      parentId: '0000000000000003',
      kind: 'server',
      local: { service: 'service-x', ipv4: '10.0.0.7' },
      process: [{ key: 'sdk.version', value: { type: 'string', value: '1.2.1' } }],
      remote: { service: 'service-y', ipv4: '0.0.91.160' },
      status: { code: 'error' },
      tags: [
        { key: 'error', value: { type: 'bool', value: true } },
        { key: 'big', value: { type: 'int64', value: '9223372036854775807' } },
        { key: 'half', value: { type: 'float64', value: 0.5 } },
        { key: 'blob', value: { type: 'binary', value: 'AAAwOQ==' } },
      ],
      events: [{ name: 'some-event', fields: [{ key: 'x' }] }],
      warnings: ['some span warning'],
    })
    expect(first?.links.map(({ kind, spanId }) => [kind, spanId])).toEqual([
      ['follows-from', '0000000000000004'],
      ['child-of', '00000000000000ff'],
    ])
  })

  test('flag 2 is debug; a length of 0 is a length', () => {
    expect(forced).toMatchObject({ debug: true, durationUs: 0 })
    expect(forced).not.toHaveProperty('flags')
  })

  test('is written back with the same spans and no tags of ours', () => {
    const id = traceId('00000000000000010000000000000000')
    const trace = encodeJaegerTrace({ traceId: id, spans, aliases: [], notes: [] })
    expect(JSON.stringify(trace)).not.toContain('isthmus.')
    expect(trace.spans[0]?.references).toHaveLength(3)
    expect(trace.spans[0]?.tags).toContainEqual({ key: 'peer.ipv4', type: 'int64', value: 23456 })
    expect(trace.processes['p2']).toEqual({ serviceName: 'service-y', tags: [] })
  })
})

describe('Jaeger, documents of Elasticsearch', () => {
  const { format, spans, problems } = read('jaeger-es.json')
  const [texts, values] = spans

  test('values as text get their types back; tags-as-fields and unpadded ids are read', () => {
    expect({ format, problems }).toEqual({ format: 'jaeger-es', problems: [] })
    expect(texts).toMatchObject({
      traceId: '000000000000000000000000000001fe',
      traceIdWidth: 3,
      parentId: '0000000000000003',
      local: { service: 'service-x', ipv4: '10.0.0.7' },
      remote: { ipv4: '0.0.91.160' },
      tags: [
        { key: 'error', value: { type: 'bool', value: true } },
        { key: 'half', value: { type: 'float64', value: 0.5 } },
        { key: 'blob', value: { type: 'binary', value: 'AAAwOQ==' } },
        { key: 'http.method', value: { type: 'string', value: 'GET' } },
        { key: 'http.status_code', value: { type: 'int64', value: 200 } },
      ],
    })
  })

  test('the parent may stand in a field of its own', () => {
    expect(values).toMatchObject({ parentId: '0000000000000004', traceIdWidth: 32 })
    expect(values?.tags).toEqual([{ key: 'retries', value: { type: 'int64', value: 3 } }])
  })
})

describe('OTLP', () => {
  const { format, spans, problems } = read('otlp.json')

  test('keeps nanoseconds, nested values, scope and state', () => {
    expect({ format, problems }).toEqual({ format: 'otlp', problems: [] })
    expect(spans[0]).toMatchObject({
      traceId: '5b8efff798038103d269b633813fc60c',
      parentId: 'eee19b7ec3c1b173',
      kind: 'server',
      startUs: 1544712660000000,
      startNs: 123,
      durationUs: 999_999,
      durationNs: 877,
      local: { service: 'orders', ipv4: '10.0.0.9' },
      scope: { name: 'lib', version: '1' },
      tracestate: 'congo=t61rcWkgMzE',
      flags: 257,
      status: { code: 'error', message: 'no stock' },
      links: [{ kind: 'follows-from', attributes: [] }],
      events: [{ timeUs: 1544712660500000, timeNs: 1, name: 'retry' }],
    })
    expect(spans[0]?.tags.map(({ key, value }) => [key, value.type])).toEqual([
      ['n', 'int64'],
      ['ok', 'bool'],
      ['ratio', 'float64'],
      ['deep', 'map'],
      ['otel.dropped_attributes_count', 'int64'],
    ])
  })

  test('is written back without tags of ours, dropped counts in their fields', () => {
    const text = JSON.stringify(encodeOtlpSpans(spans))
    expect(text).not.toContain('isthmus.')
    expect(text).toContain('"droppedAttributesCount":2')
    expect(text).toContain('"startTimeUnixNano":"1544712660000000123"')
    expect(text).toContain('"doubleValue":"NaN"')
  })
})
