import { describe, expect, test } from '@jest/globals'
import { openOtlpReporter } from '../../../adapters/span-reporters/otlp/reporter.ts'
import type { GatewaySpan } from '../../../src/edge/span-reporter.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { decodeOtlpSpans } from '../../../trace-converter/span/otlp-json.ts'
import { describeSpanReporterContract } from '../../contract/span-reporter.ts'
import { startCollector, type Behaviour } from '../../support/collector.ts'
import { gatewaySpan, TestMeters } from '../../support/gateway-span.ts'
import type { Received } from '../../support/receiver.ts'

const spansOf = ({ body }: Received): readonly Span[] =>
  decodeOtlpSpans(JSON.parse(body.toString()), { store: 'test' }).spans

describeSpanReporterContract('otlp', {
  path: '/v1/traces',
  open: (url, meters, limits) =>
    Promise.resolve(
      openOtlpReporter({ url, serviceName: 'isthmus-gateway', log: silentLog, meters, limits }),
    ),
  decode: (request) => spansOf(request).map(({ id }) => id),
})

const takes =
  (answer: string): Behaviour =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(answer)

async function sent(
  spans: readonly GatewaySpan[],
  answer = '{}',
): Promise<{ readonly request: Received; readonly meters: TestMeters }> {
  await using collector = await startCollector(takes(answer))
  const meters = new TestMeters()
  const reporter = openOtlpReporter({
    url: `${collector.url}/v1/traces`,
    serviceName: 'isthmus-gateway',
    log: silentLog,
    meters,
  })
  for (const span of spans) reporter.report(span)
  await reporter[Symbol.asyncDispose]()
  const [request] = collector.requests
  if (!request) throw new Error('nothing was sent')
  return { request, meters }
}

describe('a span as an OTLP intake gets it', () => {
  test('whole', async () => {
    const tags = { 'http.method': 'GET', error: 'UPSTREAM_REFUSED' }
    const { request } = await sent([gatewaySpan({ tags })])
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v1/traces',
      contentType: 'application/json',
    })
    expect(JSON.parse(request.body.toString())).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [{ key: 'service.name', value: { stringValue: 'isthmus-gateway' } }],
          },
          scopeSpans: [
            {
              scope: {},
              spans: [
                {
                  traceId: '80f198ee56343ba864fe8b2a57d3eff7',
                  spanId: '0000000000000001',
                  parentSpanId: 'e457b5a2e4d86bd1',
                  name: 'GET',
                  kind: 3,
                  startTimeUnixNano: '1763712000123457000',
                  endTimeUnixNano: '1763712000124958000',
                  attributes: [
                    { key: 'http.method', value: { stringValue: 'GET' } },
                    { key: 'peer.service', value: { stringValue: 'orders' } },
                    { key: 'network.peer.address', value: { stringValue: '10.1.2.3' } },
                    { key: 'network.peer.port', value: { intValue: '8080' } },
                  ],
                  events: [],
                  links: [],
                  status: { code: 2, message: 'UPSTREAM_REFUSED' },
                },
              ],
            },
          ],
        },
      ],
    })
  })

  test.each([
    ['a server span', gatewaySpan({ kind: 'server' }), { kind: 'server' }],
    ['debug', gatewaySpan({ sampling: 'debug' }), { debug: true }],
    ['64 bits', gatewaySpan({ traceIdWidth: 64 }), { traceIdWidth: 16 }],
    ['IPv6', gatewaySpan({ remote: { host: '::1', port: 80 } }), { remote: { ipv6: '::1' } }],
    [
      'a host name',
      gatewaySpan({ remote: { host: 'orders.internal' }, tags: {} }),
      { tags: [{ key: 'server.address', value: { type: 'string', value: 'orders.internal' } }] },
    ],
    [
      'a link',
      linked(),
      { links: [{ kind: 'link', attributes: [{ key: 'reason', value: { value: 'restarted' } }] }] },
    ],
  ])('%s', async (_what, span, expected) => {
    const { request } = await sent([span])
    expect(spansOf(request)[0]).toMatchObject(expected)
  })

  test('a root has no parent', async () => {
    const { request } = await sent([gatewaySpan({ root: true })])
    expect(spansOf(request)[0]).not.toHaveProperty('parentId')
  })

  test.each([
    ['in protobuf JSON', '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}'],
    ['as a number', '{"partialSuccess":{"rejectedSpans":2}}'],
  ])('spans that the intake took and refused are counted as dropped, %s', async (_how, answer) => {
    const spans = [1, 2, 3].map((index) => gatewaySpan({ index }))
    const { meters } = await sent(spans, answer)
    expect(meters).toMatchObject({ sentSpans: 1, drops: { undeliverable: 2 } })
  })
})

function linked(): GatewaySpan {
  const { traceId, id } = gatewaySpan({ index: 9 })
  return gatewaySpan({ links: [{ traceId, spanId: id, reason: 'restarted' }] })
}
