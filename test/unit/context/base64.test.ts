import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBase64, encodeBase64, isBase64 } from '../../../trace-converter/context/base64.ts'

test('any text is encoded as Node encodes its UTF-8, and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const encoded = Buffer.from(text).toString('base64')
      expect(encodeBase64(text)).toBe(encoded)
      expect(decodeBase64(encoded)).toBe(text)
      expect(isBase64(encoded)).toBe(true)
    }),
    { examples: [['Zoë'], ['\u{1f600}'], ['a\r\n']] },
  )
})

test.each([
  ['nothing', ''],
  ['no padding', 'YQ'],
  ['the alphabet for URLs', '-_-_'],
  ['a line break', 'YWJj\n'],
])('is none: %s', (_what, text) => {
  expect(isBase64(text)).toBe(false)
})
