import { describe, expect, test } from '@jest/globals'
import type { HeaderField, HeaderList } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const LOW = '64fe8b2a57d3eff7'
const lenient = { lenient: true }
const wide = { traceIdBits: 128 } as const
const narrow = { traceIdBits: 64 } as const
const ids: HeaderList = [
  ['X-B3-TraceId', TRACE],
  ['X-B3-SpanId', SPAN],
]

describe('b3 in one header', () => {
  const read = (value: string, options = { lenient: false }) =>
    readContext([['b3', value]], ['b3-single'], options)

  test.each([
    ['undecided', `${TRACE}-${SPAN}`, { sampling: 'defer', parent: 'root' }],
    ['denied', `${TRACE}-${SPAN}-0`, { sampling: 'deny' }],
    ['accepted', `${TRACE}-${SPAN}-1`, { sampling: 'accept' }],
    ['debug', `${TRACE}-${SPAN}-d`, { sampling: 'debug' }],
    ['a parent', `${TRACE}-${SPAN}-1-${PARENT}`, { parent: spanId(PARENT) }],
    [
      'Brave: undecided with a parent',
      `${TRACE}-${SPAN}-${PARENT}`,
      { sampling: 'defer', parent: spanId(PARENT) },
    ],
    [
      'a 64-bit id is remembered as such',
      `${LOW}-${SPAN}-1`,
      { traceId: traceId(LOW), traceIdWidth: 64 },
    ],
    [
      '64 bits written wide',
      `0000000000000000${LOW}-${SPAN}-1`,
      { traceId: traceId(LOW), traceIdWidth: 128 },
    ],
    [
      'upper case is taken, though it must not be sent',
      `${TRACE.toUpperCase()}-${SPAN.toUpperCase()}-1`,
      {},
    ],
    ['the first of values that a proxy joined', `${TRACE}-${SPAN}-1, ${LOW}-${SPAN}-0`, {}],
  ] as const)('is read: %s', (_why, value, expected) => {
    expect(read(value)).toEqual({
      context: context({ source: 'b3-single', parent: 'root', ...expected }),
      rejected: [],
    })
  })

  test.each([
    ['0', 'deny'],
    ['1', 'accept'],
    ['d', 'debug'],
  ] as const)('a decision without ids: %s', (value, sampling) => {
    expect(read(value)).toEqual({
      seed: { sampling, baggage: [], vendor: {}, source: 'b3-single' },
      rejected: [],
    })
  })

  test.each([
    ['empty', '', 'malformed'],
    ['another state', `${TRACE}-${SPAN}-2`, 'malformed'],
    ['D', `${TRACE}-${SPAN}-D`, 'malformed'],
    ['words are for the multiple headers', `${TRACE}-${SPAN}-true`, 'malformed'],
    ['true without ids', 'true', 'malformed'],
    ['a trailing dash', `${TRACE}-${SPAN}-`, 'malformed'],
    ['an empty state', `${TRACE}-${SPAN}--${PARENT}`, 'malformed'],
    ['- as parent', `${TRACE}-${SPAN}-1--`, 'malformed'],
    ['no span', TRACE, 'malformed'],
    ['a short trace id', `1f-${SPAN}-1`, 'malformed'],
    ['24 digits are no width', `${TRACE.slice(8)}-${SPAN}-1`, 'malformed'],
    ['no hex', `zz${TRACE.slice(2)}-${SPAN}-1`, 'malformed'],
    ['junk behind', `${TRACE}-${SPAN}-1-${PARENT}-1`, 'too-long'],
    ['junk in front', `junk${LOW}-${SPAN}-1`, 'malformed'],
    ['over 68 characters', `${TRACE}-${SPAN}-1-${PARENT}0`, 'too-long'],
    ['zero trace id', `${'0'.repeat(32)}-${SPAN}-1`, 'zero-id'],
    ['zero span id', `${TRACE}-${'0'.repeat(16)}-1`, 'zero-id'],
    ['zero parent', `${TRACE}-${SPAN}-1-${'0'.repeat(16)}`, 'zero-id'],
    ['a key of Object.prototype', 'constructor', 'malformed'],
    ['a line break', `${TRACE}-${SPAN}-1\n`, 'malformed'],
  ] as const)('is refused: %s', (_why, value, reason) => {
    expect(read(value)).toEqual({
      rejected: [{ format: 'b3-single', header: 'b3', reason }],
    })
  })

  test.each([
    ['short ids', `1f-2a-1`, { traceId: traceId('1f'), traceIdWidth: 64, spanId: spanId('2a') }, 0],
    ['a proxy’s - as parent', `${TRACE}-${SPAN}-1--`, { parent: 'unknown' }, 1],
    ['a zero parent', `${TRACE}-${SPAN}-1-${'0'.repeat(16)}`, { parent: 'unknown' }, 1],
  ] as const)('leniently: %s', (_why, value, expected, rejections) => {
    const found = read(value, lenient)
    expect(found.context).toEqual(context({ source: 'b3-single', parent: 'root', ...expected }))
    expect(found.rejected).toHaveLength(rejections)
  })

  test.each([
    ['no parent is left out', {}, wide, `${TRACE}-${SPAN}-1`],
    ['a root too', { parent: 'root' }, wide, `${TRACE}-${SPAN}-1`],
    ['a parent', { parent: spanId(PARENT) }, wide, `${TRACE}-${SPAN}-1-${PARENT}`],
    [
      'the grammar has no parent without a state',
      { parent: spanId(PARENT), sampling: 'defer' },
      wide,
      `${TRACE}-${SPAN}`,
    ],
    ['debug', { sampling: 'debug' }, wide, `${TRACE}-${SPAN}-d`],
    [
      'a 64-bit id gets its 16 digits back',
      { traceId: traceId(LOW), traceIdWidth: 64 },
      wide,
      `${LOW}-${SPAN}-1`,
    ],
    [
      'wide zeros as they came',
      { traceId: traceId(LOW) },
      wide,
      `0000000000000000${LOW}-${SPAN}-1`,
    ],
    ['the right half for a peer of 64 bits', {}, narrow, `${TRACE.slice(16)}-${SPAN}-1`],
    [
      'never an all-zero half',
      { traceId: traceId(`${LOW}${'0'.repeat(16)}`) },
      narrow,
      `${LOW}${'0'.repeat(16)}-${SPAN}-1`,
    ],
  ] as const)('is written: %s', (_why, changes, options, expected) => {
    expect(writeContext([], context(changes), ['b3-single'], options)).toEqual([['b3', expected]])
  })
})

describe('b3 in several headers', () => {
  const read = (headers: HeaderList, options = { lenient: false }) =>
    readContext(headers, ['b3'], options)

  test.each([
    ['undecided', [], { sampling: 'defer' }],
    ['accepted', [['X-B3-Sampled', '1']], { sampling: 'accept' }],
    ['denied', [['X-B3-Sampled', '0']], { sampling: 'deny' }],
    ['old tracers wrote words', [['X-B3-Sampled', 'true']], { sampling: 'accept' }],
    ['in any case', [['X-B3-Sampled', 'False']], { sampling: 'deny' }],
    ['debug', [['X-B3-Flags', '1']], { sampling: 'debug' }],
    [
      'the zipkin package sends both',
      [
        ['X-B3-Sampled', '1'],
        ['X-B3-Flags', '1'],
      ],
      { sampling: 'debug' },
    ],
    [
      'other flags say nothing',
      [
        ['X-B3-Sampled', '1'],
        ['X-B3-Flags', '0'],
      ],
      { sampling: 'accept' },
    ],
    ['a parent', [['X-B3-ParentSpanId', PARENT]], { sampling: 'defer', parent: spanId(PARENT) }],
    [
      'the first value wins',
      [
        ['X-B3-Sampled', '1'],
        ['x-b3-sampled', '0'],
      ],
      { sampling: 'accept' },
    ],
    ['the first that a proxy joined', [['X-B3-Sampled', '1, 0']], { sampling: 'accept' }],
  ] as const satisfies readonly (readonly [string, readonly HeaderField[], object])[])(
    'is read: %s',
    (_why, more, expected) => {
      expect(read([...ids, ...more])).toEqual({
        context: context({ source: 'b3', parent: 'root', ...expected }),
        rejected: [],
      })
    },
  )

  test.each([
    ['Sampled', [['X-B3-Sampled', '0']], 'deny'],
    ['Flags', [['X-B3-Flags', '1']], 'debug'],
  ] as const)('a decision without ids: %s', (_why, headers, sampling) => {
    expect(read(headers)).toEqual({
      seed: { sampling, baggage: [], vendor: {}, source: 'b3' },
      rejected: [],
    })
  })

  test.each([
    [
      'a decision that cannot be read restarts the trace',
      [...ids, ['X-B3-Sampled', 'yes']],
      'x-b3-sampled',
      'malformed',
    ],
    ['an empty decision', [...ids, ['X-B3-Sampled', '']], 'x-b3-sampled', 'malformed'],
    [
      'a key of Object.prototype',
      [...ids, ['X-B3-Sampled', 'constructor']],
      'x-b3-sampled',
      'malformed',
    ],
    ['no span id', [['X-B3-TraceId', TRACE]], 'x-b3-spanid', 'incomplete'],
    ['no trace id', [['X-B3-SpanId', SPAN]], 'x-b3-traceid', 'incomplete'],
    ['only a parent', [['X-B3-ParentSpanId', PARENT]], 'x-b3-traceid', 'incomplete'],
    [
      'an empty trace id',
      [
        ['X-B3-TraceId', ''],
        ['X-B3-SpanId', SPAN],
      ],
      'x-b3-traceid',
      'malformed',
    ],
    [
      '- as trace id',
      [
        ['X-B3-TraceId', '-'],
        ['X-B3-SpanId', SPAN],
      ],
      'x-b3-traceid',
      'malformed',
    ],
    [
      'jaeger-client’s short trace id',
      [
        ['X-B3-TraceId', '1f'],
        ['X-B3-SpanId', SPAN],
      ],
      'x-b3-traceid',
      'malformed',
    ],
    [
      'a trace id too long',
      [
        ['X-B3-TraceId', `${TRACE}0`],
        ['X-B3-SpanId', SPAN],
      ],
      'x-b3-traceid',
      'too-long',
    ],
    [
      'a zero trace id',
      [
        ['X-B3-TraceId', '0'.repeat(16)],
        ['X-B3-SpanId', SPAN],
      ],
      'x-b3-traceid',
      'zero-id',
    ],
    [
      'a short span id',
      [
        ['X-B3-TraceId', TRACE],
        ['X-B3-SpanId', '2a'],
      ],
      'x-b3-spanid',
      'malformed',
    ],
    ['- as parent', [...ids, ['X-B3-ParentSpanId', '-']], 'x-b3-parentspanid', 'malformed'],
    [
      'a zero parent',
      [...ids, ['X-B3-ParentSpanId', '0'.repeat(16)]],
      'x-b3-parentspanid',
      'zero-id',
    ],
  ] as const satisfies readonly (readonly [string, HeaderList, string, string])[])(
    'is refused: %s',
    (_why, headers, header, reason) => {
      expect(read(headers)).toEqual({ rejected: [{ format: 'b3', header, reason }] })
    },
  )

  test('leniently: short ids, and a parent that is none is dropped and counted', () => {
    const headers: HeaderList = [
      ['x-b3-traceid', '1f'],
      ['x-b3-spanid', '2a'],
      ['x-b3-parentspanid', '-'],
    ]
    expect(read(headers, lenient)).toEqual({
      context: context({
        traceId: traceId('1f'),
        traceIdWidth: 64,
        spanId: spanId('2a'),
        parent: 'unknown',
        sampling: 'defer',
        source: 'b3',
      }),
      rejected: [{ format: 'b3', header: 'x-b3-parentspanid', reason: 'malformed' }],
    })
  })

  test.each([
    ['undecided: no decision header', { sampling: 'defer' }, []],
    ['denied', { sampling: 'deny' }, [['x-b3-sampled', '0']]],
    ['accepted', { sampling: 'accept' }, [['x-b3-sampled', '1']]],
    ['debug: Flags and not Sampled', { sampling: 'debug' }, [['x-b3-flags', '1']]],
  ] as const)('is written: %s', (_why, changes, more) => {
    expect(writeContext([], context(changes), ['b3'], wide)).toEqual([
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ...more,
    ])
  })

  test('an unknown parent is left out, never `-`, empty or zero; a known one is written', () => {
    const names = (parent: 'root' | 'unknown') =>
      writeContext([], context({ parent }), ['b3'], wide).map(([name]) => name)
    expect(names('unknown')).not.toContain('x-b3-parentspanid')
    expect(names('root')).not.toContain('x-b3-parentspanid')
    expect(writeContext([], context({ parent: spanId(PARENT) }), ['b3'], wide)).toContainEqual([
      'x-b3-parentspanid',
      PARENT,
    ])
  })

  test('the right half for a peer of 64 bits', () => {
    expect(writeContext([], context(), ['b3'], narrow)[0]).toEqual([
      'x-b3-traceid',
      TRACE.slice(16),
    ])
  })
})
