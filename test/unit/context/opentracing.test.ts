import { describe, expect, test } from '@jest/globals'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const LOW = '64fe8b2a57d3eff7'
const base = { source: 'ot' } as const
const entry = (key: string, value: string) => ({ key, value, properties: [] })
const ids: HeaderList = [
  ['ot-tracer-traceid', TRACE],
  ['ot-tracer-spanid', SPAN],
]
const sampled = (value: string): HeaderList => [['ot-tracer-sampled', value]]
const read = (headers: HeaderList, options = { lenient: false }) =>
  readContext(headers, ['ot'], options)
const write = (changes: Partial<TraceContext>, traceIdBits: 64 | 128 = 128) =>
  writeContext([], context(changes), ['ot'], { traceIdBits })
const withId = (header: string, value: string): HeaderList =>
  ids.map(([name, old]) => [name, name === header ? value : old])

describe('ot-tracer-*', () => {
  test.each([
    ['no decision is none', ids, { sampling: 'defer' }],
    ['true', [...ids, ...sampled('true')], {}],
    ['false', [...ids, ...sampled('false')], { sampling: 'deny' }],
    ['1', [...ids, ...sampled('1')], {}],
    ['0', [...ids, ...sampled('0')], { sampling: 'deny' }],
    ['in any case', [...ids, ...sampled('True')], {}],
    ['the first of repeated lines', [...ids, ...sampled('1'), ...sampled('0')], {}],
    ['the first that a proxy joined', [...ids, ...sampled('true, false')], {}],
    [
      '64 bits are remembered as such',
      [...withId('ot-tracer-traceid', LOW), ...sampled('1')],
      { traceId: traceId(LOW), traceIdWidth: 64 },
    ],
    [
      'upper case, which must not be sent',
      [...withId('ot-tracer-traceid', TRACE.toUpperCase()), ...sampled('1')],
      {},
    ],
    [
      'baggage, URL-encoded',
      [...ids, ...sampled('1'), ['Ot-Baggage-User', 'a%20b+c']],
      { baggage: [entry('user', 'a b+c')] },
    ],
  ] as const satisfies readonly (readonly [string, HeaderList, object])[])(
    'is read: %s',
    (_why, headers, expected) => {
      expect(read(headers)).toEqual({ context: context({ ...base, ...expected }), rejected: [] })
    },
  )

  test.each([
    ['a short trace id', 'ot-tracer-traceid', '1f', 'malformed'],
    ['24 digits are no width', 'ot-tracer-traceid', TRACE.slice(8), 'malformed'],
    ['no hex', 'ot-tracer-traceid', `zz${TRACE.slice(2)}`, 'malformed'],
    ['too long', 'ot-tracer-traceid', `${TRACE}0`, 'too-long'],
    ['zero', 'ot-tracer-traceid', '0'.repeat(32), 'zero-id'],
    ['a short span id', 'ot-tracer-spanid', '2a', 'malformed'],
    ['a long span id', 'ot-tracer-spanid', TRACE, 'too-long'],
    ['a zero span id', 'ot-tracer-spanid', '0'.repeat(16), 'zero-id'],
    ['empty', 'ot-tracer-spanid', '', 'malformed'],
  ] as const)('is refused: %s', (_why, header, value, reason) => {
    expect(read(withId(header, value))).toEqual({ rejected: [{ format: 'ot', header, reason }] })
  })

  test.each([
    [
      'a decision that cannot be read restarts the trace',
      [...ids, ...sampled('yes')],
      'ot-tracer-sampled',
      'malformed',
    ],
    ['no span id', ids.slice(0, 1), 'ot-tracer-spanid', 'incomplete'],
    ['no trace id', ids.slice(1), 'ot-tracer-traceid', 'incomplete'],
  ] as const satisfies readonly (readonly [string, HeaderList, string, string])[])(
    'is refused: %s',
    (_why, headers, header, reason) => {
      expect(read(headers)).toEqual({ rejected: [{ format: 'ot', header, reason }] })
    },
  )

  test('leniently: ids that lost their leading zeros', () => {
    const found = read(
      [
        ['ot-tracer-traceid', '1f'],
        ['ot-tracer-spanid', '2a'],
      ],
      { lenient: true },
    )
    expect(found.context).toMatchObject({
      traceId: traceId('1f'),
      spanId: spanId('2a'),
      traceIdWidth: 64,
    })
  })

  test('a decision and baggage without ids seed a trace, and go on as they are', () => {
    const headers: HeaderList = [...sampled('false'), ['ot-baggage-a', '1']]
    const found = read(headers)
    expect(found).toEqual({
      seed: { sampling: 'deny', baggage: [entry('a', '1')], vendor: {}, source: 'ot' },
      rejected: [],
    })
    expect(writeContext([], found.seed, ['ot'], { traceIdBits: 128 })).toEqual(headers)
  })

  test('baggage stands without valid ids; a key that is none is counted', () => {
    const found = read([
      ...withId('ot-tracer-spanid', 'x'),
      ['ot-baggage-a', '1'],
      ['ot-baggage-', '2'],
    ])
    expect(found.seed).toMatchObject({ sampling: 'defer', baggage: [entry('a', '1')] })
    expect(found.rejected.map(({ header }) => header)).toEqual(['ot-baggage-', 'ot-tracer-spanid'])
  })

  test.each([
    ['sampled', {}, 128, [...ids, ...sampled('true')]],
    ['denied', { sampling: 'deny' }, 128, [...ids, ...sampled('false')]],
    ['undecided', { sampling: 'defer' }, 128, ids],
    ['debug can only be sampled', { sampling: 'debug' }, 128, [...ids, ...sampled('true')]],
    ['a parent has no place', { parent: spanId(PARENT) }, 128, [...ids, ...sampled('true')]],
    [
      'the right half for a peer of 64 bits',
      {},
      64,
      [...withId('ot-tracer-traceid', TRACE.slice(16)), ...sampled('true')],
    ],
    [
      'no control byte reaches the wire',
      { baggage: [entry('A', '1 ü\r\n'), entry('a', '2'), entry('b c', '3')] },
      128,
      [...ids, ...sampled('true'), ['ot-baggage-a', '1%20%C3%BC%0D%0A']],
    ],
  ] as const satisfies readonly (readonly [string, Partial<TraceContext>, 64 | 128, HeaderList])[])(
    'is written: %s',
    (_why, changes, bits, expected) => {
      expect(write(changes, bits)).toEqual(expected)
    },
  )

  test('its denial is a denial, also beside a traceparent that nobody decided on', () => {
    const headers: HeaderList = [
      ...ids,
      ...sampled('false'),
      ['traceparent', `00-${TRACE}-${SPAN}-00`],
      ['tracestate', `b3=${TRACE}-${SPAN}`],
    ]
    expect(readContext(headers, ['ot', 'w3c']).context?.sampling).toBe('deny')
  })
})
