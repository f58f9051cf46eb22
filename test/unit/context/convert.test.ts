import { describe, expect, test } from '@jest/globals'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import type { HeaderList } from '../../../trace-converter/context/model.ts'
import { PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const NEW = '00000000000000aa'
const toMesh = { from: ['b3-single', 'b3'], to: ['w3c'], traceIdBits: 128 } as const
const toLegacy = { from: ['w3c'], to: ['b3-single'], traceIdBits: 128 } as const

describe('convertHeaders', () => {
  test('every trace header of every format goes, one context comes, the rest stays in order', () => {
    const headers: HeaderList = [
      ['Host', 'a'],
      ['X-B3-TraceId', TRACE],
      ['X-B3-SpanId', SPAN],
      ['X-B3-Sampled', '1'],
      ['Cookie', 'b'],
      ['traceparent', `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`],
      ['tracestate', 'stale=1'],
      ['UberCtx-Stale', '1'],
      ['jaeger-debug-id', 'stale'],
      ['uber-trace-id', '1:1:0:1'],
      ['cookie', 'c'],
      ['x-request-id', 'd'],
    ]
    expect(convertHeaders(headers, toMesh).headers).toEqual([
      ['Host', 'a'],
      ['Cookie', 'b'],
      ['cookie', 'c'],
      ['x-request-id', 'd'],
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
    ])
  })

  test('without a valid context no trace header is left', () => {
    const headers: HeaderList = [
      ['b3', 'junk'],
      ['traceparent', 'junk'],
      ['a', '1'],
    ]
    expect(convertHeaders(headers, toMesh)).toEqual({
      headers: [['a', '1']],
      rejected: [{ format: 'b3-single', header: 'b3', reason: 'malformed' }],
      losses: [],
    })
  })

  test('one context in several formats, with one id', () => {
    const { headers, losses } = convertHeaders([['b3', `${TRACE}-${SPAN}-1-${PARENT}`]], {
      ...toMesh,
      to: ['w3c', 'jaeger', 'b3'],
    })
    expect(headers).toEqual([
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
      ['tracestate', `b3=${TRACE}-${SPAN}-1-${PARENT}`],
      ['uber-trace-id', `${TRACE}:${SPAN}:${PARENT}:1`],
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ['x-b3-parentspanid', PARENT],
      ['x-b3-sampled', '1'],
    ])
    expect(losses).toEqual([])
  })

  test('a new span is a child of the sender’s, in the same trace', () => {
    const { headers } = convertHeaders([['traceparent', `00-${TRACE}-${SPAN}-01`]], {
      ...toLegacy,
      spanId: spanId(NEW),
    })
    expect(headers).toEqual([['b3', `${TRACE}-${NEW}-1-${SPAN}`]])
  })

  test('a denial without ids stays one where it can be said', () => {
    const converted = convertHeaders([['b3', '0']], { ...toMesh, to: ['b3'] })
    expect(converted.headers).toEqual([['x-b3-sampled', '0']])
    expect(converted.losses).toEqual([])
  })

  test('W3C needs ids for it: with ids given, a denied trace begins', () => {
    const given = { ...toMesh, traceId: traceId(TRACE), spanId: spanId(SPAN) }
    expect(convertHeaders([['b3', '0']], given).headers).toEqual([
      ['traceparent', `00-${TRACE}-${SPAN}-00`],
    ])
    expect(convertHeaders([['b3', 'd']], given).headers).toEqual([
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
      ['tracestate', `b3=${TRACE}-${SPAN}-d`],
    ])
  })

  test('without them it is lost, and said so', () => {
    const { headers, losses } = convertHeaders([['b3', '0']], toMesh)
    expect(headers).toEqual([])
    expect(losses).toEqual([{ what: 'seed-decision', why: 'w3c cannot say it' }])
  })

  test('debug crosses into the mesh and comes back through a service that made its own span', () => {
    const into = convertHeaders([['b3', `${TRACE}-${SPAN}-d-${PARENT}`]], toMesh).headers
    const inMesh = into.map(([name, value]) =>
      name === 'traceparent'
        ? ([name, `00-${TRACE}-${NEW}-01`] as const)
        : ([name, value] as const),
    )
    expect(convertHeaders(inMesh, toLegacy).headers).toEqual([['b3', `${TRACE}-${NEW}-d`]])
  })

  test.each([
    ['firehose', [['uber-trace-id', `${TRACE}:${SPAN}:0:9`]], ['b3'], 128, ['firehose']],
    ['undecided', [['b3', `${TRACE}-${SPAN}`]], ['jaeger'], 128, ['defer']],
    ['undecided, said beside it', [['b3', `${TRACE}-${SPAN}`]], ['jaeger', 'w3c'], 128, []],
    ['the left half', [['b3', `${TRACE}-${SPAN}-1`]], ['b3'], 64, ['trace-id-high']],
    ['the left half, kept beside it', [['b3', `${TRACE}-${SPAN}-1`]], ['b3', 'w3c'], 64, []],
    [
      'tracestate, random flag, baggage',
      [
        ['traceparent', `00-${TRACE}-${SPAN}-03`],
        ['tracestate', 'a=1'],
        ['baggage', 'a=1;p'],
      ],
      ['b3'],
      128,
      ['random', 'tracestate', 'baggage', 'baggage-properties'],
    ],
    [
      'properties alone',
      [
        ['traceparent', `00-${TRACE}-${SPAN}-01`],
        ['baggage', 'a=1;p'],
      ],
      ['jaeger'],
      128,
      ['baggage-properties'],
    ],
    [
      'upper case in a key',
      [
        ['traceparent', `00-${TRACE}-${SPAN}-01`],
        ['baggage', 'A=1'],
      ],
      ['jaeger'],
      128,
      ['baggage'],
    ],
    [
      'repeated keys',
      [
        ['traceparent', `00-${TRACE}-${SPAN}-01`],
        ['baggage', 'a=1,a=2'],
      ],
      ['jaeger'],
      128,
      ['baggage'],
    ],
  ] as const satisfies readonly (readonly [string, HeaderList, ...unknown[]])[])(
    'what nobody can say is listed: %s',
    (_why, headers, to, traceIdBits, expected) => {
      const converted = convertHeaders(headers, {
        from: ['w3c', 'b3-single', 'jaeger'],
        to,
        traceIdBits,
      })
      expect(converted.losses.map(({ what }) => what)).toEqual(expected)
    },
  )

  test('a full tracestate gives up its last member for the stash, and the loss is listed', () => {
    const members = Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(',')
    const { headers, losses } = convertHeaders(
      [
        ['traceparent', `00-${TRACE}-${SPAN}-01`],
        ['tracestate', members],
      ],
      { from: ['w3c'], to: ['w3c'], traceIdBits: 128, spanId: spanId(NEW) },
    )
    expect(new Map(headers).get('tracestate')).toBe(
      `b3=${TRACE}-${NEW}-1-${SPAN},${members.replace(',k31=1', '')}`,
    )
    expect(losses).toEqual([{ what: 'tracestate', why: 'limits' }])
  })
})
