import { describe, expect, test } from '@jest/globals'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const LOW = '64fe8b2a57d3eff7'
const wide = { traceIdBits: 128 } as const
const base = { source: 'jaeger', parent: 'root' } as const
const entry = (key: string, value: string) => ({ key, value, properties: [] })
const read = (headers: HeaderList) => readContext(headers, ['jaeger'])
const trace = (value: string) => read([['uber-trace-id', value]])
const write = (changes: Partial<TraceContext>) =>
  writeContext([], context(changes), ['jaeger'], wide)

describe('uber-trace-id', () => {
  test.each([
    ['sampled', `${TRACE}:${SPAN}:0:1`, {}],
    ['denied', `${TRACE}:${SPAN}:0:0`, { sampling: 'deny' }],
    ['debug', `${TRACE}:${SPAN}:0:3`, { sampling: 'debug' }],
    ['debug needs sampled beside it', `${TRACE}:${SPAN}:0:2`, { sampling: 'deny' }],
    ['firehose', `${TRACE}:${SPAN}:0:9`, { firehose: true }],
    ['flag 4 is reserved and says nothing', `${TRACE}:${SPAN}:0:5`, {}],
    ['two flag digits', `${TRACE}:${SPAN}:0:01`, {}],
    ['a parent', `${TRACE}:${SPAN}:${PARENT}:1`, { parent: spanId(PARENT) }],
    ['a parent in full zeros', `${TRACE}:${SPAN}:${'0'.repeat(16)}:1`, {}],
    [
      'short ids must be taken',
      '1f:2a:3b:1',
      { traceId: traceId('1f'), traceIdWidth: 64, spanId: spanId('2a'), parent: spanId('3b') },
    ],
    ['a 128-bit id that lost zeros', `1${LOW}:${SPAN}:0:1`, { traceId: traceId(`1${LOW}`) }],
    ['URL-encoded, either case', `${TRACE}%3A${SPAN}%3a0%3A1`, {}],
    ['upper case is taken', `${TRACE.toUpperCase()}:${SPAN.toUpperCase()}:0:1`, {}],
    ['the first of values that a proxy joined', `${TRACE}:${SPAN}:0:1,1f:2a:0:0`, {}],
  ] as const)('is read: %s', (_why, value, expected) => {
    expect(trace(value)).toEqual({ context: context({ ...base, ...expected }), rejected: [] })
  })

  test('the first of repeated lines', () => {
    const headers: HeaderList = [
      ['Uber-Trace-Id', `${TRACE}:${SPAN}:0:1`],
      ['uber-trace-id', '1f:2a:0:0'],
    ]
    expect(read(headers).context).toEqual(context(base))
  })

  test.each([
    ['empty', '', 'malformed'],
    ['three fields', `${TRACE}:${SPAN}:1`, 'malformed'],
    ['five fields', `${TRACE}:${SPAN}:0:1:1`, 'malformed'],
    ['no hex', `zz:${SPAN}:0:1`, 'malformed'],
    ['an encoded digit: only colons are', `${TRACE.slice(1)}%31:${SPAN}:0:1`, 'malformed'],
    ['parseInt would take it', `1zz:${SPAN}:0:1`, 'malformed'],
    ['what jaeger-client writes of nothing', 'undefined:undefined:0:0', 'malformed'],
    ['an empty parent', `${TRACE}:${SPAN}::1`, 'malformed'],
    ['a trace id too long', `${TRACE}0:${SPAN}:0:1`, 'malformed'],
    ['three flag digits', `${TRACE}:${SPAN}:0:001`, 'malformed'],
    ['zero trace id', `0:${SPAN}:0:1`, 'zero-id'],
    ['zero span id', `${TRACE}:0:0:1`, 'zero-id'],
    ['encoded twice', `${TRACE}%253A${SPAN}%253A0%253A1`, 'malformed'],
  ] as const)('is refused: %s', (_why, value, reason) => {
    expect(trace(value)).toEqual({
      rejected: [{ format: 'jaeger', header: 'uber-trace-id', reason }],
    })
  })

  test.each([
    ['an unknown parent is 0', {}, `${TRACE}:${SPAN}:0:1`],
    ['a parent', { parent: spanId(PARENT) }, `${TRACE}:${SPAN}:${PARENT}:1`],
    ['debug', { sampling: 'debug' }, `${TRACE}:${SPAN}:0:3`],
    ['undecided can only be denied', { sampling: 'defer' }, `${TRACE}:${SPAN}:0:0`],
    ['firehose', { firehose: true }, `${TRACE}:${SPAN}:0:9`],
    ['all flags', { sampling: 'debug', firehose: true }, `${TRACE}:${SPAN}:0:b`],
    [
      'a 64-bit id in exactly 16 digits',
      { traceId: traceId('1f'), traceIdWidth: 64 },
      `000000000000001f:${SPAN}:0:1`,
    ],
  ] as const)('is written: %s', (_why, changes, expected) => {
    expect(write(changes)).toEqual([['uber-trace-id', expected]])
  })
})

describe('Jaeger baggage', () => {
  const withBaggage = (...more: HeaderList) =>
    read([['uber-trace-id', `${TRACE}:${SPAN}:0:1`], ...more])

  test.each([
    ['URL-encoded', [['uberctx-a', 'b%20c']], [entry('a', 'b c')]],
    [
      'a plus is a plus: Go’s client encodes so, Node’s does not decode it',
      [['uberctx-a', 'b+c']],
      [entry('a', 'b+c')],
    ],
    ['field names have no case', [['UberCtx-User-Id', '1']], [entry('user-id', '1')]],
    [
      'the first of a name',
      [
        ['uberctx-a', '1'],
        ['uberctx-a', '2'],
      ],
      [entry('a', '1')],
    ],
    ['a list for people', [['jaeger-baggage', 'a=1, b=2']], [entry('a', '1'), entry('b', '2')]],
    ['equals signs in a value', [['jaeger-baggage', 'a=b=c']], [entry('a', 'b=c')]],
    [
      'a field of its own counts before the list',
      [
        ['jaeger-baggage', 'a=1'],
        ['uberctx-a', '2'],
      ],
      [entry('a', '2')],
    ],
    ['bad escapes stay as they are', [['uberctx-a', '%zz']], [entry('a', '%zz')]],
    ['invalid UTF-8', [['uberctx-a', '%ff']], [entry('a', '\ufffd')]],
  ] as const satisfies readonly (readonly [string, HeaderList, object])[])(
    'is read: %s',
    (_why, headers, baggage) => {
      expect(withBaggage(...headers).context?.baggage).toEqual(baggage)
    },
  )

  test.each([
    ['a list member without a key', 'jaeger-baggage', '=1'],
    ['a list member without a value', 'jaeger-baggage', 'a'],
    ['no key behind the prefix', 'uberctx-', '1'],
  ])('is skipped and counted: %s', (_why, header, value) => {
    const found = withBaggage([header, value], ['uberctx-b', '2'])
    expect(found.context?.baggage).toEqual([entry('b', '2')])
    expect(found.rejected).toEqual([{ format: 'jaeger', header, reason: 'malformed' }])
  })

  test('is written as fields; one of keys that differ in case only', () => {
    const baggage = [entry('A', '1 ü\r\n'), entry('a', '2'), entry('b c', '3')]
    expect(write({ baggage }).slice(1)).toEqual([['uberctx-a', '1%20%C3%BC%0D%0A']])
  })

  test('no more than 64 members', () => {
    const baggage = Array.from({ length: 70 }, (_, index) => entry(`k${index}`, '1'))
    expect(write({ baggage })).toHaveLength(1 + 64)
  })
})

describe('without uber-trace-id', () => {
  const seed = {
    sampling: 'debug',
    baggage: [],
    vendor: { 'jaeger.debug-id': 'x, y' },
    source: 'jaeger',
  } as const

  test('jaeger-debug-id asks for a debug trace', () => {
    expect(read([['jaeger-debug-id', 'x%2C y']])).toEqual({ seed, rejected: [] })
    expect(writeContext([], seed, ['jaeger'], wide)).toEqual([['jaeger-debug-id', 'x%2C%20y']])
  })

  test('beside uber-trace-id it is ignored, as Jaeger’s clients do', () => {
    const found = read([
      ['uber-trace-id', `${TRACE}:${SPAN}:0:1`],
      ['jaeger-debug-id', 'x'],
    ])
    expect(found.context?.sampling).toBe('accept')
    expect(found.rejected).toEqual([
      { format: 'jaeger', header: 'jaeger-debug-id', reason: 'outranked' },
    ])
  })

  test('baggage alone seeds a trace that nobody decided on', () => {
    const found = read([['jaeger-baggage', 'a=1']])
    expect(found.seed).toEqual({
      sampling: 'defer',
      baggage: [entry('a', '1')],
      vendor: {},
      source: 'jaeger',
    })
    expect(writeContext([], found.seed, ['jaeger'], wide)).toEqual([['jaeger-baggage', 'a=1']])
  })

  test('debug without an id of its own still asks for a debug trace', () => {
    const plain = { sampling: 'debug', baggage: [], vendor: {}, source: 'b3' } as const
    expect(writeContext([], plain, ['jaeger'], wide)).toEqual([['jaeger-debug-id', 'debug']])
  })
})
