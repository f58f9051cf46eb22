import { describe, expect, test } from '@jest/globals'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, PARENT, SPAN, TRACE, spanId, traceId } from './contexts.ts'

const read = (headers: HeaderList): TraceContext | undefined =>
  readContext(headers, ['w3c']).context
const parent = (value: string): HeaderList => [['traceparent', value]]
const LOW = '64fe8b2a57d3eff7'

describe('traceparent', () => {
  test.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, { sampling: 'accept', random: false }],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, { sampling: 'deny', random: false }],
    ['the random flag of level 2', `00-${TRACE}-${SPAN}-02`, { sampling: 'deny', random: true }],
    [
      'unknown flag bits say nothing',
      `00-${TRACE}-${SPAN}-fc`,
      { sampling: 'deny', random: false },
    ],
    ['all flag bits', `00-${TRACE}-${SPAN}-ff`, { sampling: 'accept', random: true }],
    ['a later version, same length', `cc-${TRACE}-${SPAN}-01`, { sampling: 'accept' }],
    [
      'a later version goes on behind a dash',
      `cc-${TRACE}-${SPAN}-01-what`,
      { sampling: 'accept' },
    ],
    ['space around a value means nothing in HTTP', ` 00-${TRACE}-${SPAN}-01\t`, {}],
    [
      'a zero left half is a 64-bit id',
      `00-0000000000000000${LOW}-${SPAN}-01`,
      {
        traceId: traceId(LOW),
        traceIdWidth: 64,
      },
    ],
  ] as const)('is read: %s', (_why, value, expected) => {
    expect(read(parent(value))).toMatchObject({ ...context({}), random: false, ...expected })
  })

  test.each([
    ['version ff is forbidden', `ff-${TRACE}-${SPAN}-01`, 'malformed'],
    ['version 00 has no tail', `00-${TRACE}-${SPAN}-01-what`, 'malformed'],
    ['version 00 has no trailing dash', `00-${TRACE}-${SPAN}-01-`, 'malformed'],
    ['a later version goes on with a dash only', `cc-${TRACE}-${SPAN}-01.what`, 'malformed'],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`, 'malformed'],
    ['upper-case span id', `00-${TRACE}-${SPAN.toUpperCase()}-01`, 'malformed'],
    ['upper-case flags', `00-${TRACE}-${SPAN}-0A`, 'malformed'],
    ['zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`, 'zero-id'],
    ['zero span id', `00-${TRACE}-${'0'.repeat(16)}-01`, 'zero-id'],
    ['trace id one short', `00-${TRACE.slice(1)}-${SPAN}-01`, 'malformed'],
    ['trace id one long', `00-${TRACE}0-${SPAN}-01`, 'malformed'],
    ['span id one short', `00-${TRACE}-${SPAN.slice(1)}-01`, 'malformed'],
    ['no hex', `00-${TRACE.replace('8', 'z')}-${SPAN}-01`, 'malformed'],
    ['junk in front', `x00-${TRACE}-${SPAN}-01`, 'malformed'],
    ['two joined by a proxy', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`, 'malformed'],
    ['a line break', `00-${TRACE}-${SPAN}-01\n`, 'malformed'],
    ['empty', '', 'malformed'],
  ] as const)('is refused: %s', (_why, value, reason) => {
    expect(readContext(parent(value), ['w3c'])).toEqual({
      rejected: [{ format: 'w3c', header: 'traceparent', reason }],
    })
  })

  test('of two neither can be trusted', () => {
    const line = ['traceparent', `00-${TRACE}-${SPAN}-01`] as const
    expect(readContext([line, line], ['w3c']).rejected).toEqual([
      { format: 'w3c', header: 'traceparent', reason: 'repeated' },
    ])
  })

  test('a later version goes on as 00', () => {
    const found = read(parent(`cc-${TRACE}-${SPAN}-01-what`))
    expect(writeContext([], found, ['w3c'], { traceIdBits: 128 })).toEqual(
      parent(`00-${TRACE}-${SPAN}-01`),
    )
  })

  test('a 64-bit id is padded: traceparent has one width', () => {
    const short = context({ traceId: traceId(LOW), traceIdWidth: 64 })
    expect(writeContext([], short, ['w3c'], { traceIdBits: 64 })).toEqual(
      parent(`00-0000000000000000${LOW}-${SPAN}-01`),
    )
  })

  test('tracestate means nothing without its traceparent', () => {
    const headers: HeaderList = [
      ['tracestate', 'a=1'],
      ['b3', `${TRACE}-${SPAN}-1`],
    ]
    const found = readContext(headers, ['b3-single', 'w3c'])
    expect(found.context?.tracestate).toEqual([])
    expect(found.rejected).toEqual([{ format: 'w3c', header: 'tracestate', reason: 'orphaned' }])
  })
})

describe('the stash in tracestate', () => {
  const other = '00000000000000aa'
  const through = (flags: string, span: string, member: string): TraceContext | undefined =>
    read([
      ['traceparent', `00-${TRACE}-${span}-${flags}`],
      ['tracestate', `b3=${member},a=1`],
    ])

  test.each([
    ['01', 'd', 'debug', 'the flag cannot say debug'],
    ['00', undefined, 'defer', '0 is also said when nobody decided'],
    ['01', undefined, 'accept', 'somebody decided since'],
    ['00', 'd', 'deny', 'somebody took it back since'],
    ['01', '0', 'accept', 'the flag is newer'],
    ['00', '1', 'deny', 'the flag is newer'],
    ['01', '1', 'accept', 'both agree'],
    ['00', '0', 'deny', 'both agree'],
  ] as const)('flags %s and state %s are %s: %s', (...row) => {
    const [flags, state, sampling] = row
    const ids = `${TRACE}-${SPAN}`
    const member = state === undefined ? ids : `${ids}-${state}`
    expect(through(flags, SPAN, member)?.sampling).toBe(sampling)
    expect(through(flags, other, member)?.sampling).toBe(sampling)
  })

  test('the parent is the parent of that span only', () => {
    const member = `${TRACE}-${SPAN}-1-${PARENT}`
    expect(through('01', SPAN, member)?.parent).toBe(PARENT)
    expect(through('01', other, member)?.parent).toBe('unknown')
  })

  test('of another trace, or malformed, it is not believed', () => {
    expect(through('01', SPAN, `${'a'.repeat(32)}-${SPAN}-d`)?.sampling).toBe('accept')
    expect(through('01', SPAN, 'nonsense')?.sampling).toBe('accept')
  })

  test('it is not passed on as somebody else’s member', () => {
    expect(through('01', SPAN, `${TRACE}-${SPAN}-d`)?.tracestate).toEqual([
      { key: 'a', value: '1' },
    ])
    expect(through('01', SPAN, 'nonsense')?.tracestate).toEqual([{ key: 'a', value: '1' }])
  })

  test.each([
    ['nothing to stash', {}, undefined],
    ['denied', { sampling: 'deny' }, undefined],
    ['a root', { parent: 'root' }, undefined],
    ['a 64-bit id shows by its zeros', { traceId: traceId(LOW), traceIdWidth: 64 }, undefined],
    ['debug', { sampling: 'debug' }, `b3=${TRACE}-${SPAN}-d`],
    ['undecided', { sampling: 'defer' }, `b3=${TRACE}-${SPAN}`],
    [
      'undecided with a parent',
      { sampling: 'defer', parent: spanId(PARENT) },
      `b3=${TRACE}-${SPAN}-${PARENT}`,
    ],
    ['a parent', { parent: spanId(PARENT) }, `b3=${TRACE}-${SPAN}-1-${PARENT}`],
    ['64 bits in 32 digits', { traceId: traceId(LOW) }, `b3=0000000000000000${LOW}-${SPAN}-1`],
    ['firehose', { firehose: true }, 'isthmus=firehose'],
  ] as const)('holds what traceparent cannot say: %s', (_why, changes, expected) => {
    const written = writeContext([], context(changes), ['w3c'], { traceIdBits: 128 })
    expect(new Map(written).get('tracestate')).toBe(expected)
  })
})
