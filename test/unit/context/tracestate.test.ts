import { describe, expect, test } from '@jest/globals'
import {
  fitTracestate,
  formatTracestate,
  parseTracestate,
} from '../../../trace-converter/context/tracestate.ts'

const members = (count: number, value = '1'): string[] =>
  Array.from({ length: count }, (_, index) => `k${index}=${value}`)

describe('tracestate', () => {
  test.each([
    ['one member', ['a=1'], 'a=1'],
    ['several lines are one list, in order', ['a=1,b=2', 'c=3'], 'a=1,b=2,c=3'],
    ['empty members', [',a=1,, ,b=2,'], 'a=1,b=2'],
    ['space around members', ['a=1 \t,\t b=2'], 'a=1,b=2'],
    ['space inside and before a value is part of it', ['a= 1 2'], 'a= 1 2'],
    ['a key may begin with a digit', ['0a=1'], '0a=1'],
    ['a tenant', ['fw529a3039@dt=FfQ'], 'fw529a3039@dt=FfQ'],
    ['level 2: @ anywhere but first', ['a@=1,a@@b=2'], 'a@=1,a@@b=2'],
    ['all marks in a key', ['a_-*/@=1'], 'a_-*/@=1'],
    ['a repeated key keeps the newest, which is first', ['a=1,b=2', 'a=3'], 'a=1,b=2'],
    [
      'the longest key and value',
      [`${'k'.repeat(256)}=${'v'.repeat(256)}`],
      `${'k'.repeat(256)}=${'v'.repeat(256)}`,
    ],
    ['32 members', [members(32).join(',')], members(32).join(',')],
    ['nothing', [''], ''],
  ] as const)('is read: %s', (_why, lines, expected) => {
    const parsed = parseTracestate(lines)
    expect(typeof parsed === 'string' ? parsed : formatTracestate(parsed)).toBe(expected)
  })

  test.each([
    ['33 members', members(33).join(','), 'over-limit'],
    ['upper case in a key', 'A=1', 'malformed'],
    ['a key that begins with a mark', '@a=1', 'malformed'],
    ['a key too long', `${'k'.repeat(257)}=1`, 'malformed'],
    ['a value too long', `a=${'v'.repeat(257)}`, 'malformed'],
    ['no value', 'a=', 'malformed'],
    ['no key', '=1', 'malformed'],
    ['no equals sign', 'a', 'malformed'],
    ['two equals signs', 'a=1=2', 'malformed'],
    ['space before the equals sign', 'a =1', 'malformed'],
    ['a control character', 'a=1\u0001', 'malformed'],
    ['not ASCII', 'a=ü', 'malformed'],
  ] as const)('is refused as a whole: %s', (_why, line, reason) => {
    expect(parseTracestate([line])).toBe(reason)
  })

  test('past the length the large members go first, then from the right', () => {
    const small = Array.from({ length: 20 }, (_, i) => ({ key: `s${i}`, value: 'v'.repeat(100) }))
    const large = Array.from({ length: 10 }, (_, i) => ({ key: `l${i}`, value: 'v'.repeat(250) }))
    const [front, ...others] = large
    const kept = fitTracestate([...(front ? [front] : []), ...small, ...others])
    expect(formatTracestate(kept).length).toBeLessThanOrEqual(4_096)
    // Of the large ones the rightmost went; no small one had to.
    expect(kept.map(({ key }) => key)).toEqual([
      'l0',
      ...small.map(({ key }) => key),
      ...others.slice(0, 6).map(({ key }) => key),
    ])
  })

  test('a large member goes before small ones to its right', () => {
    const small = Array.from({ length: 20 }, (_, i) => ({ key: `s${i}`, value: 'v'.repeat(100) }))
    const large = Array.from({ length: 10 }, (_, i) => ({ key: `l${i}`, value: 'v'.repeat(250) }))
    const kept = fitTracestate([...large, ...small])
    expect(kept).toEqual([...large.slice(0, 7), ...small])
  })

  test('what is not valid is not written', () => {
    expect(
      fitTracestate([
        { key: 'A', value: '1' },
        { key: 'a', value: '\r\n' },
      ]),
    ).toEqual([])
  })
})
