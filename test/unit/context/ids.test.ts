import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  newSpanId,
  newTraceId,
  parseContextSpanId,
  parseContextTraceId,
} from '../../../trace-converter/context/ids.ts'

describe('ids', () => {
  test.each([
    ['full width', '80f198ee56343ba864fe8b2a57d3eff7', '80f198ee56343ba864fe8b2a57d3eff7'],
    ['padded on the left', '1f', `${'0'.repeat(30)}1f`],
    ['lower-cased', 'AB', `${'0'.repeat(30)}ab`],
    ['empty', '', undefined],
    ['zero', '0', undefined],
    ['all zeros', '0'.repeat(32), undefined],
    ['too long, though zeros in front', '0'.repeat(32) + '1', undefined],
    ['no hex', '1zz', undefined],
    ['a sign', '-1', undefined],
    ['0x', '0x1f', undefined],
    ['a letter that lower-cases to ASCII', '\u212a', undefined],
  ])('a trace id: %s', (_why, text, expected) => {
    expect(parseContextTraceId(text)).toBe(expected)
  })

  test('a span id is 16 digits at most', () => {
    expect(parseContextSpanId('1F')).toBe('000000000000001f')
    expect(parseContextSpanId('1'.repeat(17))).toBeUndefined()
  })

  test('made from the given randomness alone, never zero', () => {
    expect(newSpanId(() => 0n)).toBe('0000000000000001')
    expect(newSpanId(() => -1n)).toBe('ffffffffffffffff')
    expect(newTraceId(() => 0xabn, 64)).toBe('000000000000000000000000000000ab')
    expect(newTraceId(() => 0xabn, 128)).toBe('00000000000000ab00000000000000ab')
    fc.assert(
      fc.property(fc.bigInt(), (bits) => {
        const id = newSpanId(() => bits)
        expect(parseContextSpanId(id)).toBe(id)
      }),
    )
  })
})
