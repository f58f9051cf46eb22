import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson } from '../../../trace-converter/span/canonical.ts'
import { decodeAny } from '../../../trace-converter/span/detect.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { linkDependencies } from '../../../trace-converter/stitch/dependencies.ts'
import type { ExportFormat } from '../../../trace-converter/stitch/export.ts'
import { encodeAs } from '../../../trace-converter/stitch/export.ts'
import { fnv1a64 } from '../../../trace-converter/stitch/hash.ts'
import { stitch } from '../../../trace-converter/stitch/pipeline.ts'
import { renderTree } from '../../../trace-converter/stitch/render.ts'
import { stitchTexts } from '../../../trace-converter/stitch/texts.ts'
import { treeOf } from '../../../trace-converter/stitch/tree.ts'
import { unstitch } from '../../../trace-converter/stitch/unstitch.ts'
import { GATEWAY, buildChain, plan } from './chain.ts'
import { breakSpans, breakage } from './faults.ts'
import { span } from './spans.ts'

const LEGACY = JSON.stringify([
  {
    traceId: '1122334455667788',
    id: 'a0a0a0a0a0a0a0a0',
    kind: 'SERVER',
    name: 'get /',
    timestamp: 1000,
    duration: 9000,
    localEndpoint: { serviceName: 'shop' },
  },
  {
    traceId: '1122334455667788',
    id: 'c1c1c1c1c1c1c1c1',
    parentId: 'a0a0a0a0a0a0a0a0',
    kind: 'CLIENT',
    name: 'post',
    timestamp: 2000,
    duration: 6000,
    localEndpoint: { serviceName: 'shop' },
    remoteEndpoint: { serviceName: GATEWAY },
  },
])
const MESH = JSON.stringify({
  data: [
    {
      traceID: '00000000000000ab1122334455667788',
      spans: [
        {
          traceID: '00000000000000ab1122334455667788',
          spanID: 'f1f1f1f1f1f1f1f1',
          operationName: 'pay',
          references: [
            {
              refType: 'CHILD_OF',
              traceID: '00000000000000ab1122334455667788',
              spanID: 'e1e1e1e1e1e1e1e1',
            },
          ],
          startTime: 3000,
          duration: 2500,
          tags: [
            { key: 'span.kind', type: 'string', value: 'server' },
            { key: 'error', type: 'bool', value: true },
          ],
          logs: [],
          processID: 'p1',
          warnings: null,
        },
      ],
      processes: { p1: { serviceName: 'payments', tags: [] } },
    },
  ],
})
const FILES = [
  { name: 'legacy.json', text: LEGACY },
  { name: 'mesh.json', text: MESH },
]

describe('files of both sides', () => {
  const result = stitchTexts(FILES)

  test('are several traces before and one after, drawn with its crossings', () => {
    expect(result.formats.map(({ format }) => format)).toEqual(['zipkin-v2', 'jaeger-ui'])
    expect(result.problems).toEqual([])
    expect(result.before.map(({ trace }) => trace.spans.length)).toEqual([2, 1])
    expect(result.after.map(renderTree).join('\n')).toBe(
      `trace 00000000000000ab1122334455667788: 4 span(s), from legacy.json, mesh.json, 9.00 ms, also 00000000000000001122334455667788
shop: get /                         server         +0 µs     9.00 ms  [legacy.json] ~ trace-id
└─ shop: post                       client      +1.00 ms     6.00 ms  [legacy.json] ~ trace-id
   └─ ⇄ isthmus-gateway: (no name)  server      +2.00 ms     2.50 ms  [no store] ~ gateway-span, synthetic
      └─ ⇄ payments: pay            server      +2.00 ms     2.50 ms  [mesh.json] ERROR
`,
    )
  })

  test('the raw part of the mesh shows that its parent is missing', () => {
    expect(renderTree(result.before[1] ?? fail())).toContain('(orphan) payments: pay')
  })

  test('name what cannot be read by its file', () => {
    const { problems } = stitchTexts([...FILES, { name: 'bad.json', text: '[{"traceId":"1"}]' }])
    expect(problems).toMatchObject([{ name: 'bad.json', index: 0, lost: 'span' }])
  })

  test('calls are counted between services, once each, a failed one as failed', () => {
    expect(result.traces.flatMap((trace) => linkDependencies(trace))).toEqual([
      { parent: GATEWAY, child: 'payments', callCount: 1, errorCount: 1 },
      { parent: 'shop', child: GATEWAY, callCount: 1, errorCount: 0 },
    ])
  })
})

test('what is written out and read again stitches to the same chains and comes apart the same', () => {
  const input = fc.record({ root: plan(2), seed: fc.nat(), joins: fc.boolean(), breakage })
  const format = fc.constantFrom<ExportFormat>('zipkin', 'jaeger', 'otlp')
  fc.assert(
    fc.property(input, format, ({ root, seed, joins, breakage: how }, as) => {
      const stored = breakSpans(buildChain(root, seed, joins).spans, how)
      const traces = stitch(stored, { gatewayServices: [GATEWAY] })
      const text = JSON.stringify(encodeAs(as, traces))
      const { spans, problems } = decodeAny(text, { store: 'export' })
      const again = stitch(spans, { gatewayServices: [GATEWAY] })
      expect(problems).toEqual([])
      expect(texts(again.flatMap(({ spans: all }) => all))).toEqual(
        texts(traces.flatMap(({ spans: all }) => all)),
      )
      expect(texts(again.flatMap(unstitch))).toEqual(texts(traces.flatMap(unstitch)))
    }),
    { numRuns: 150 },
  )
})

describe('dependencies', () => {
  const linksOf = (spans: readonly Span[]): unknown =>
    stitch(spans)
      .flatMap((trace) => linkDependencies(trace))
      .map(({ parent, child, callCount, errorCount }) => [parent, child, callCount, errorCount])
  const client = span('call', { id: '1', service: 'a', at: [0, 100], remote: 'db' }, 'client')

  test.each([
    ['a call that nobody answered, to the peer it names', [client], [['a', 'db', 1, 0]]],
    [
      'an answered call, once',
      [client, span('answer', { id: '2', parent: '1', service: 'b', at: [1, 9] }, 'server')],
      [['a', 'b', 1, 0]],
    ],
    [
      'work within a service is no call',
      [span('x', { id: '1', service: 'a' }), span('y', { id: '2', parent: '1', service: 'a' })],
      [],
    ],
    [
      'the way through a gateway is no call',
      [
        span('in', { id: '1', service: GATEWAY }, 'server'),
        span('out', { id: '2', parent: '1', service: GATEWAY }, 'client'),
      ],
      [],
    ],
    [
      'a service that calls itself',
      [client, span('self', { id: '2', parent: '1', service: 'a', at: [1, 9] }, 'server')],
      [['a', 'a', 1, 0]],
    ],
    [
      'an error that only the caller saw',
      [{ ...client, status: { code: 'error' } }],
      [['a', 'db', 1, 1]],
    ],
  ] as const)('%s', (_, spans, links) => {
    expect(linksOf(spans)).toEqual(links)
  })
})

test('a raw trace is drawn whole, whatever its parents say', () => {
  const ring = [span('a', { id: '1', parent: '2' }), span('b', { id: '2', parent: '1' })]
  const { traceId } = ring[0] ?? fail()
  const tree = treeOf({ traceId, spans: ring, aliases: [], notes: [] })
  expect(tree.roots).toMatchObject([{ lost: 'ring', children: [{ span: { name: 'b' } }] }])
})

test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('FNV-1a of %j is the published one', (text, hash) => {
  expect(fnv1a64(text)).toBe(hash)
})

/** The format of the file is the only thing that changes. */
function texts(spans: readonly Span[]): readonly string[] {
  const plain = (one: Span): unknown => {
    const { originals, ...provenance } = one.provenance
    const stored = originals?.map(({ id, traceId }) => [id, traceId]).sort()
    return { ...one, provenance: { ...provenance, format: '', stored } }
  }
  return spans.map((one) => canonicalJson(plain(one))).sort()
}

function fail(): never {
  throw new TypeError('not there')
}
