import { describe, expect, test } from '@jest/globals'
import { parseBaggage, writtenBaggage } from '../../../trace-converter/context/baggage.ts'

const entry = (key: string, value: string, ...properties: string[]) => ({ key, value, properties })

describe('W3C baggage', () => {
  test.each([
    ['one member', ['a=1'], [entry('a', '1')]],
    ['an empty value', ['a='], [entry('a', '')]],
    [
      'space around everything',
      ['a \t= 1 ; p = q ;r , b=2'],
      [entry('a', '1', 'p = q', 'r'), entry('b', '2')],
    ],
    [
      'several lines in order',
      ['a=1', 'b=2,c=3'],
      [entry('a', '1'), entry('b', '2'), entry('c', '3')],
    ],
    ['repeated keys are legal', ['a=1,a=2'], [entry('a', '1'), entry('a', '2')]],
    ['equals signs in the value', ['a=b=c=='], [entry('a', 'b=c==')]],
    ['percent-encoded UTF-8', ['a=%C3%BC%20x'], [entry('a', 'ü x')]],
    ['a plus is a plus', ['a=1+2'], [entry('a', '1+2')]],
    ['invalid UTF-8 becomes U+FFFD', ['a=%ff%C3'], [entry('a', '\ufffd\ufffd')]],
    ['a byte-order mark is part of the value', ['a=%EF%BB%BFx'], [entry('a', '\ufeffx')]],
    [
      'a percent sign that escapes nothing',
      ['a=100%,b=%zz'],
      [entry('a', '100%'), entry('b', '%zz')],
    ],
    ['properties are kept as they are', ['a=1;p=%20;q'], [entry('a', '1', 'p=%20', 'q')]],
    ['keys keep their case', ['UserId=1'], [entry('UserId', '1')]],
    [
      'keys of Object.prototype',
      ['__proto__=1,constructor=2'],
      [entry('__proto__', '1'), entry('constructor', '2')],
    ],
    ['no members', [' , ,'], []],
  ] as const)('is read: %s', (_why, lines, entries) => {
    expect(parseBaggage(lines)).toEqual({ entries, malformed: 0 })
  })

  test.each([
    ['no equals sign', 'a'],
    ['no key', '=1'],
    ['a key with a space', 'a b=1'],
    ['a key that is no token', 'a(b)=1'],
    ['a space in the value', 'a=1 2'],
    ['a quote in the value', 'a="1"'],
    ['a backslash in the value', 'a=\\'],
    ['raw UTF-8', 'a=ü'],
    ['a line break', 'a=1\r\nx: y'],
    ['an empty property', 'a=1;'],
    ['a property that is no token', 'a=1;p q'],
  ])('one bad member does not cost the others: %s', (_why, member) => {
    expect(parseBaggage([`x=1,${member},y=2`])).toEqual({
      entries: [entry('x', '1'), entry('y', '2')],
      malformed: 1,
    })
  })

  test.each([
    ['a space is %20, never +', 'a b', 'a=a%20b'],
    ['a percent sign', '100%', 'a=100%25'],
    ['separators', 'a,b;c', 'a=a%2Cb%3Bc'],
    ['octets that need no escape stay', 'a/b=c+d:e', 'a=a/b=c+d:e'],
    ['line breaks never reach the wire', 'a\r\nb: c', 'a=a%0D%0Ab:%20c'],
    ['UTF-8', 'ü', 'a=%C3%BC'],
    ['a lone surrogate', '\ud800', 'a=%EF%BF%BD'],
    ['DEL', '\u007f', 'a=%7F'],
  ])('is written: %s', (_why, value, expected) => {
    expect(writtenBaggage([entry('a', value)])).toEqual([expected])
  })

  test('what is no token or no property is not written', () => {
    expect(writtenBaggage([entry('a b', '1'), entry('a', '1', 'p q', 'r')])).toEqual(['a=1;r'])
  })

  test('64 members and no more', () => {
    const many = Array.from({ length: 70 }, (_, index) => entry(`k${index}`, '1'))
    expect(writtenBaggage(many)).toHaveLength(64)
  })

  test('8192 bytes and no more, whole members only', () => {
    const exact = [entry('a', 'x'.repeat(8_187)), entry('b', '')]
    expect(writtenBaggage(exact).join(',')).toHaveLength(8_192)
    expect(writtenBaggage([entry('a', 'x'.repeat(8_190)), entry('b', '')])).toEqual([
      `a=${'x'.repeat(8_190)}`,
    ])
    expect(writtenBaggage([entry('a', 'x'.repeat(8_191)), entry('b', '')])).toEqual(['b='])
  })
})
