import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { javaDecode, javaEncode } from '../../../../adapters/registries/zookeeper/dubbo-url.ts'

/**
 * The rules of java.net.URLEncoder, byte by byte: letters, digits and `. - * _` stay, a space is a
 * plus, every other byte of the UTF-8 is a percent sign and two hex digits in upper case.
 */
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  if (/^[A-Za-z0-9.*_-]$/.test(char)) return char
  return char === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

function byTable(text: string): string {
  return [...Buffer.from(text)].map((byte) => TABLE[byte]).join('')
}

test('caution (f): every ASCII character is encoded as Java does, and decoded again', () => {
  for (let code = 0; code < 128; code++) {
    const char = String.fromCharCode(code)
    expect(javaEncode(char)).toBe(TABLE[code])
    expect(javaDecode(javaEncode(char))).toBe(char)
  }
})

test('caution (f): any text is encoded as Java does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      fc.pre(!/\p{Surrogate}/u.test(text)) // half a pair has no UTF-8
      expect(javaEncode(text)).toBe(byTable(text))
      expect(javaDecode(byTable(text))).toBe(text)
    }),
  )
})

test('caution (f): URLs as providers write them', () => {
  const url = fc
    .tuple(fc.domain(), fc.webPath(), fc.dictionary(fc.string(), fc.string()))
    .map(([host, path, params]) => {
      const query = Object.entries(params).map(([name, value]) => `${name}=${value}`)
      return `dubbo://${host}:20880${path}?${query.join('&')}`
    })
  fc.assert(
    fc.property(url, (text) => {
      expect(javaEncode(text)).toBe(byTable(text))
      expect(javaDecode(javaEncode(text))).toBe(text)
    }),
  )
})
