import { describe, expect, test } from '@jest/globals'
import { openZipkinReporter } from '../../../adapters/span-reporters/zipkin/reporter.ts'
import type { GatewaySpan } from '../../../src/edge/span-reporter.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { decodeZipkinSpans } from '../../../trace-converter/span/zipkin-json.ts'
import { describeSpanReporterContract } from '../../contract/span-reporter.ts'
import { accepts, startCollector } from '../../support/collector.ts'
import { gatewaySpan, TestMeters } from '../../support/gateway-span.ts'
import type { Received } from '../../support/receiver.ts'

const spansOf = ({ body }: Received): readonly { readonly id: string }[] =>
  JSON.parse(body.toString()) as { id: string }[]

describeSpanReporterContract('zipkin', {
  path: '/api/v2/spans',
  open: (url, meters, limits) =>
    openZipkinReporter({ url, serviceName: 'isthmus-gateway', log: silentLog, meters, limits }),
  decode: (request) => spansOf(request).map(({ id }) => id),
})

async function sent(span: GatewaySpan): Promise<Received> {
  await using collector = await startCollector(accepts)
  const reporter = await openZipkinReporter({
    url: `${collector.url}/api/v2/spans?a=b`,
    serviceName: 'Isthmus-Gateway',
    log: silentLog,
    meters: new TestMeters(),
  })
  reporter.report(span)
  await reporter[Symbol.asyncDispose]()
  const [request] = collector.requests
  if (!request) throw new Error('nothing was sent')
  return request
}

describe('a span as Zipkin gets it', () => {
  test('whole', async () => {
    const request = await sent(gatewaySpan())
    expect(request).toMatchObject({
      method: 'POST',
      url: '/api/v2/spans?a=b',
      contentType: 'application/json',
    })
    expect(spansOf(request)).toEqual([
      {
        traceId: '80f198ee56343ba864fe8b2a57d3eff7',
        parentId: 'e457b5a2e4d86bd1',
        id: '0000000000000001',
        kind: 'CLIENT',
        name: 'get',
        timestamp: 1_763_712_000_123_457,
        duration: 1_501,
        localEndpoint: { serviceName: 'isthmus-gateway' },
        remoteEndpoint: { serviceName: 'orders', ipv4: '10.1.2.3', port: 8080 },
        tags: { 'http.method': 'GET', 'http.status_code': '200' },
      },
    ])
  })

  test.each([
    ['debug', gatewaySpan({ sampling: 'debug' }), { debug: true }],
    ['a server span', gatewaySpan({ kind: 'server' }), { kind: 'SERVER' }],
    ['64 bits', gatewaySpan({ traceIdWidth: 64 }), { traceId: '64fe8b2a57d3eff7' }],
    [
      'IPv6',
      gatewaySpan({ remote: { host: '::1', port: 80 } }),
      { remoteEndpoint: { ipv6: '::1', port: 80 } },
    ],
    [
      'a host name, for which an endpoint has no field',
      gatewaySpan({ remote: { host: 'orders.internal' }, tags: {} }),
      { tags: { 'peer.hostname': 'orders.internal' } },
    ],
  ])('%s', async (_why, span, expected) => {
    expect(spansOf(await sent(span))).toMatchObject([expected])
  })

  test('a root has no parent, a span without a peer no remote endpoint', async () => {
    const [span] = spansOf(await sent(gatewaySpan({ root: true, remote: {} })))
    expect(span).not.toHaveProperty('parentId')
    expect(span).not.toHaveProperty('remoteEndpoint')
  })

  test('a span of no length still has a duration: absent would mean unfinished', async () => {
    expect(spansOf(await sent(gatewaySpan({ durationUs: 0 })))).toMatchObject([{ duration: 1 }])
  })

  test('a link rides in a tag that the converter reads back', async () => {
    const { traceId, id } = gatewaySpan({ index: 9 })
    const links = [{ traceId, spanId: id, reason: 'outranked' }] as const
    const { body } = await sent(gatewaySpan({ links }))
    const { spans } = decodeZipkinSpans(JSON.parse(body.toString()), { store: 'test' })
    const attributes = [{ key: 'reason', value: { type: 'string', value: 'outranked' } }]
    expect(spans[0]?.links).toEqual([{ traceId, spanId: id, kind: 'link', attributes }])
  })
})
