import { describe, expect, test } from '@jest/globals'
import type { HeaderField, HeaderList } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { context, PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736'
const OTHER_SPAN = '00f067aa0ba902b7'
const traceparent = (trace: string, span: string, flags = '01'): HeaderField => [
  'traceparent',
  `00-${trace}-${span}-${flags}`,
]
const b3 = (value: string): HeaderField => ['b3', value]
const uber = (value: string): HeaderField => ['uber-trace-id', value]
const all = ['b3-single', 'b3', 'w3c', 'jaeger'] as const

describe('several formats in one request', () => {
  test('nothing there', () => {
    expect(readContext([['host', 'a']], all)).toEqual({ rejected: [] })
  })

  test('only accepted formats are read', () => {
    expect(readContext([traceparent(TRACE, SPAN)], ['b3'])).toEqual({ rejected: [] })
  })

  test.each([
    ['w3c first', ['w3c', 'b3-single'], 'w3c', SPAN],
    ['b3 first', ['b3-single', 'w3c'], 'b3-single', OTHER_SPAN],
  ] as const)('the order of the configuration decides: %s', (_why, accepts, source, span) => {
    const headers = [traceparent(TRACE, SPAN), b3(`${OTHER}-${OTHER_SPAN}-1`)]
    const found = readContext(headers, accepts)
    expect(found.context).toMatchObject({ source, spanId: span })
    expect(found.rejected).toHaveLength(1)
  })

  test('an invalid winner gives way to the next: bad single header, good ones beside it', () => {
    const headers: HeaderList = [
      b3(`${TRACE}-${SPAN}-x`),
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ['x-b3-sampled', '1'],
    ]
    expect(readContext(headers, all)).toEqual({
      context: context({ source: 'b3', parent: 'root' }),
      rejected: [{ format: 'b3-single', header: 'b3', reason: 'malformed' }],
    })
  })

  test('a loser of another trace is reported with its ids, for a span link', () => {
    const headers = [traceparent(TRACE, SPAN), uber(`${OTHER}:${OTHER_SPAN}:0:1`)]
    expect(readContext(headers, all).rejected).toEqual([
      {
        format: 'jaeger',
        header: 'uber-trace-id',
        reason: 'outranked',
        link: { traceId: OTHER, spanId: OTHER_SPAN },
      },
    ])
  })

  test('of the same trace each adds what only it can say', () => {
    const headers: HeaderList = [
      traceparent(TRACE, SPAN, '03'),
      ['tracestate', 'a=1'],
      ['baggage', 'k=1;p'],
      b3(`${TRACE}-${SPAN}-d-${PARENT}`),
      uber(`${TRACE}:${OTHER_SPAN}:0:9`),
      ['uberctx-k', 'old'],
      ['uberctx-j', '2'],
    ]
    expect(readContext(headers, ['w3c', 'b3-single', 'jaeger'])).toEqual({
      context: context({
        parent: spanId(PARENT),
        sampling: 'debug',
        firehose: true,
        random: true,
        tracestate: [{ key: 'a', value: '1' }],
        baggage: [
          { key: 'k', value: '1', properties: ['p'] },
          { key: 'j', value: '2', properties: [] },
        ],
      }),
      rejected: [],
    })
  })

  test('the parent of another span is not taken', () => {
    const headers = [traceparent(TRACE, SPAN), b3(`${TRACE}-${OTHER_SPAN}-1-${PARENT}`)]
    expect(readContext(headers, ['w3c', 'b3-single']).context?.parent).toBe('unknown')
  })

  test.each([
    ['undecided and a flag of 0', '00', `${TRACE}-${SPAN}`, 'defer'],
    ['debug and a flag of 1', '01', `${TRACE}-${SPAN}-d`, 'debug'],
    ['debug and a flag of 0', '00', `${TRACE}-${SPAN}-d`, 'deny'],
    ['denied and a flag of 1', '01', `${TRACE}-${SPAN}-0`, 'accept'],
  ] as const)(
    'the winner’s decision, as fine as B3 makes it: %s',
    (_why, flags, value, sampling) => {
      const headers = [traceparent(TRACE, SPAN, flags), b3(value)]
      expect(readContext(headers, ['w3c', 'b3-single']).context?.sampling).toBe(sampling)
    },
  )

  test('B3 as the winner has said it already', () => {
    const headers = [traceparent(TRACE, SPAN, '01'), b3(`${TRACE}-${SPAN}`)]
    expect(readContext(headers, ['b3-single', 'w3c']).context?.sampling).toBe('defer')
  })

  test('a 64-bit copy of the id on the same request is the same trace, in full width', () => {
    const headers = [traceparent(TRACE, SPAN), b3(`${TRACE.slice(16)}-${OTHER_SPAN}-1`)]
    const found = readContext(headers, ['b3-single', 'w3c'])
    expect(found.context).toMatchObject({
      traceId: traceId(TRACE),
      traceIdWidth: 128,
      spanId: OTHER_SPAN,
    })
    expect(found.rejected).toEqual([])
  })

  test('two wide ids with the same right half are two traces', () => {
    const twin = `${OTHER.slice(0, 16)}${TRACE.slice(16)}`
    const headers = [traceparent(TRACE, SPAN), b3(`${twin}-${OTHER_SPAN}-1`)]
    expect(readContext(headers, ['b3-single', 'w3c']).rejected).toHaveLength(1)
  })
})

describe('what comes without ids', () => {
  test.each([
    ['debug beside ids', 'd', '01', 'debug', 0],
    ['the same decision', '1', '01', 'accept', 0],
    ['a denial says nothing against a decision with ids', '0', '01', 'accept', 1],
    ['debug for what was denied', 'd', '00', 'deny', 1],
  ] as const)('%s', (_why, value, flags, sampling, rejections) => {
    const found = readContext([b3(value), traceparent(TRACE, SPAN, flags)], all)
    expect(found.context?.sampling).toBe(sampling)
    expect(found.seed).toBeUndefined()
    expect(found.rejected).toHaveLength(rejections)
  })

  test('baggage belongs to the request: it stays when its traceparent is refused', () => {
    const headers: HeaderList = [
      ['traceparent', 'bad'],
      ['baggage', 'k=1'],
      b3(`${TRACE}-${SPAN}-1`),
    ]
    const found = readContext(headers, all)
    expect(found.context?.baggage).toEqual([{ key: 'k', value: '1', properties: [] }])
    expect(found.rejected).toEqual([{ format: 'w3c', header: 'traceparent', reason: 'malformed' }])
  })

  test('debug, said by a format that knows it, of what another could only accept', () => {
    const headers: HeaderList = [
      ['ot-tracer-sampled', 'true'],
      ['jaeger-debug-id', 'x'],
    ]
    expect(readContext(headers, ['ot', 'jaeger']).seed?.sampling).toBe('debug')
  })

  test('the first decision and everybody’s baggage', () => {
    const headers: HeaderList = [
      ['baggage', 'k=1'],
      ['x-b3-sampled', '0'],
      ['jaeger-debug-id', 'x'],
      ['jaeger-baggage', 'j=2'],
    ]
    expect(readContext(headers, ['w3c', 'b3', 'jaeger'])).toEqual({
      seed: {
        sampling: 'deny',
        baggage: [
          { key: 'k', value: '1', properties: [] },
          { key: 'j', value: '2', properties: [] },
        ],
        vendor: { 'jaeger.debug-id': 'x' },
        source: 'b3',
      },
      rejected: [],
    })
  })
})
