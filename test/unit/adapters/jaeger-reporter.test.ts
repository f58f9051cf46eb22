import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { exactMs } from '../../../adapters/span-reporters/jaeger/finished-span.ts'
import { openJaegerReporter } from '../../../adapters/span-reporters/jaeger/reporter.ts'
import type { GatewaySpan } from '../../../src/edge/span-reporter.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { describeSpanReporterContract } from '../../contract/span-reporter.ts'
import { accepts, startCollector } from '../../support/collector.ts'
import { gatewaySpan, TestMeters } from '../../support/gateway-span.ts'
import type { Received } from '../../support/receiver.ts'

interface ThriftTag {
  readonly key: string
  readonly vType: string
  readonly vStr: string
  readonly vDouble: number
  readonly vBool: boolean
}

interface ThriftSpan {
  readonly traceIdLow: Buffer
  readonly traceIdHigh: Buffer
  readonly spanId: Buffer
  readonly parentSpanId: Buffer
  readonly operationName: string
  readonly flags: number
  readonly references: readonly {
    readonly refType: string
    readonly traceIdLow: Buffer
    readonly traceIdHigh: Buffer
    readonly spanId: Buffer
  }[]
  readonly startTime: Buffer
  readonly duration: Buffer
  readonly tags: readonly ThriftTag[]
}

interface Batch {
  readonly process: { readonly serviceName: string }
  readonly spans: readonly ThriftSpan[]
}

/** jaeger-client's own definition, read by the Thrift library that it brings. */
const decode = loadDecoder()

function loadDecoder(): (bytes: Buffer) => Batch {
  const require = createRequire(import.meta.url)
  const client = createRequire(require.resolve('jaeger-client'))
  const { Thrift } = client('thriftrw') as {
    Thrift: new (options: object) => {
      Batch: { rw: { readFrom(buffer: Buffer, at: number): { err?: unknown; value: Batch } } }
    }
  }
  const { default: idl } = client('./thrift.js') as {
    default: { loadJaegerThriftDefinition(): string }
  }
  const thrift = new Thrift({
    source: idl.loadJaegerThriftDefinition(),
    allowOptionalArguments: true,
  })
  return (bytes) => {
    const { err, value } = thrift.Batch.rw.readFrom(bytes, 0)
    if (err) throw new Error('not a batch', { cause: err })
    return value
  }
}

describeSpanReporterContract('jaeger', {
  path: '/api/traces',
  open: (url, meters, limits) =>
    openJaegerReporter({ url, serviceName: 'isthmus-gateway', log: silentLog, meters, limits }),
  decode: ({ body }) => decode(body).spans.map(({ spanId }) => spanId.toString('hex')),
})

async function sent(span: GatewaySpan, query = ''): Promise<Received> {
  await using collector = await startCollector(accepts)
  const reporter = await openJaegerReporter({
    url: `${collector.url}/api/traces${query}`,
    serviceName: 'isthmus-gateway',
    log: silentLog,
    meters: new TestMeters(),
  })
  reporter.report(span)
  await reporter[Symbol.asyncDispose]()
  const [request] = collector.requests
  if (!request) throw new Error('nothing was sent')
  return request
}

async function spanSent(span: GatewaySpan): Promise<ThriftSpan> {
  const [found] = decode((await sent(span)).body).spans
  if (!found) throw new Error('an empty batch')
  return found
}

const valueOf = ({ vType, vStr, vDouble, vBool }: ThriftTag): unknown =>
  ({ STRING: vStr, DOUBLE: vDouble, BOOL: vBool })[vType]

const tagsOf = ({ tags }: ThriftSpan): Readonly<Record<string, unknown>> =>
  Object.fromEntries(tags.map((tag) => [tag.key, valueOf(tag)]))

describe('a span as Jaeger gets it', () => {
  test('whole', async () => {
    const request = await sent(gatewaySpan())
    expect(request).toMatchObject({
      method: 'POST',
      url: '/api/traces?format=jaeger.thrift',
      contentType: 'application/x-thrift',
    })
    const { process: reporter, spans } = decode(request.body)
    expect(reporter.serviceName).toBe('isthmus-gateway')
    expect(spans).toHaveLength(1)
    const span = await spanSent(gatewaySpan())
    expect(span.traceIdHigh.toString('hex')).toBe('80f198ee56343ba8')
    expect(span.traceIdLow.toString('hex')).toBe('64fe8b2a57d3eff7')
    expect(span.spanId.toString('hex')).toBe('0000000000000001')
    expect(span.parentSpanId.toString('hex')).toBe('e457b5a2e4d86bd1')
    expect(span).toMatchObject({ operationName: 'GET', flags: 1 })
    expect(span.startTime.readBigInt64BE()).toBe(1_763_712_000_123_457n)
    expect(span.duration.readBigInt64BE()).toBe(1_501n)
    expect(tagsOf(span)).toEqual({
      'span.kind': 'client',
      'peer.service': 'orders',
      'peer.ipv4': '10.1.2.3',
      'peer.port': 8080,
      'http.method': 'GET',
      'http.status_code': '200',
    })
  })

  test('a query in the configured URL is kept', async () => {
    expect((await sent(gatewaySpan(), '?a=b')).url).toBe('/api/traces?a=b')
  })

  test('debug, 64 bits and a root are what they are', async () => {
    const span = await spanSent(gatewaySpan({ root: true, sampling: 'debug', traceIdWidth: 64 }))
    expect(span.flags).toBe(3)
    expect(span.traceIdHigh.readBigInt64BE()).toBe(0n)
    expect(span.traceIdLow.toString('hex')).toBe('64fe8b2a57d3eff7')
    expect(span.parentSpanId.readBigInt64BE()).toBe(0n)
  })

  test.each([
    ['IPv6', { host: '::1' }, { 'peer.ipv6': '::1' }],
    ['a host name', { host: 'orders.internal' }, { 'peer.hostname': 'orders.internal' }],
    ['nobody', {}, {}],
  ])('the other end: %s', async (_why, remote, expected) => {
    const span = await spanSent(gatewaySpan({ remote, tags: {} }))
    expect(tagsOf(span)).toEqual({ 'span.kind': 'client', ...expected })
  })

  test('an error is marked as Jaeger looks for it', async () => {
    const span = await spanSent(gatewaySpan({ remote: {}, tags: { error: 'UPSTREAM_REFUSED' } }))
    expect(tagsOf(span)).toEqual({
      'span.kind': 'client',
      error: true,
      'error.kind': 'UPSTREAM_REFUSED',
    })
  })

  test('a link is what the span follows from', async () => {
    const { traceId, id } = gatewaySpan({ index: 9 })
    const links = [{ traceId, spanId: id, reason: 'restarted' }] as const
    const [reference] = (await spanSent(gatewaySpan({ links }))).references
    expect(reference?.refType).toBe('FOLLOWS_FROM')
    const { traceIdHigh, traceIdLow, spanId } = reference ?? {}
    expect(Buffer.concat([traceIdHigh, traceIdLow].flatMap((half) => half ?? []))).toEqual(
      Buffer.from(traceId, 'hex'),
    )
    expect(spanId).toEqual(Buffer.from(id, 'hex'))
  })

  test('times keep every microsecond through jaeger-client’s milliseconds', () => {
    const anyUs = fc.oneof(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.integer({ min: 1_600_000_000_000_000, max: 4_000_000_000_000_000 }),
    )
    fc.assert(
      fc.property(anyUs, (us) => {
        expect(Math.trunc(exactMs(us) * 1_000)).toBe(us)
      }),
      { numRuns: 5_000 },
    )
  })
})
