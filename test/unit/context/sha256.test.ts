import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sha256 } from '../../../trace-converter/context/sha256.ts'

test.each([
  [
    'FIPS 180-4, one block',
    'abc',
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  ],
  ['nothing', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
])('%s', (_why, text, digest) => {
  expect(sha256(text)).toBe(digest)
})

test('what Node’s own says, of any text and around the ends of blocks', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.nat(130).map((n) => 'x'.repeat(n)),
  )
  fc.assert(
    fc.property(anyText, (text) => {
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
    }),
  )
})
