import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  formatDubboUrl,
  isHost,
  javaDecode,
  javaEncode,
  parseDubboUrl,
  survivesUrl,
} from '../../../../adapters/registries/zookeeper/dubbo-url.ts'

describe('names of znodes are in the encoding of Java', () => {
  test.each([
    ['a space is a plus', 'a b', 'a+b'],
    ['a plus is escaped', 'a+b', 'a%2Bb'],
    ['four signs stay', 'A-z_0.9*', 'A-z_0.9*'],
    ['signs that JavaScript leaves alone', "!'()~", '%21%27%28%29%7E'],
    ['what a URL is made of', 'dubbo://h:1/p?a=b&c', 'dubbo%3A%2F%2Fh%3A1%2Fp%3Fa%3Db%26c'],
    ['a comma', 'a,b', 'a%2Cb'],
    ['a percent sign', '100%', '100%25'],
    ['UTF-8 in upper case', 'é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
  ])('%s', (_, text, encoded) => {
    expect(javaEncode(text)).toBe(encoded)
    expect(javaDecode(encoded)).toBe(text)
  })

  test('half a surrogate pair has no UTF-8 and does not throw', () => {
    expect(javaEncode('a\ud800b')).toBe('a%EF%BF%BDb')
  })

  test.each([
    ['an escape cut short', '%E0%A4%A'],
    ['no hex', '%zz'],
    ['bytes that are no UTF-8', '%ff'],
  ])('undefined for %s', (_, encoded) => {
    expect(javaDecode(encoded)).toBeUndefined()
  })

  test('any text comes back, in letters that a znode may have', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = javaEncode(text)
        expect(encoded).toMatch(/^[A-Za-z0-9.*_+%-]*$/)
        expect(javaDecode(encoded)).toBe(text)
      }),
    )
  })
})

describe('a provider URL is read as Dubbo reads it', () => {
  test.each([
    ['a plain one', 'dubbo://10.0.0.1:20880/a.B?x=1', 'dubbo', '10.0.0.1', 20_880, { x: '1' }],
    ['a scheme in capitals', 'DUBBO://h:1/p?', 'dubbo', 'h', 1, {}],
    ['no parameters', 'tri://h:1/p', 'tri', 'h', 1, {}],
    ['no path', 'rest://h:1?x=1', 'rest', 'h', 1, { x: '1' }],
    ['a user', 'dubbo://user:pw@h:1/p?', 'dubbo', 'h', 1, {}],
    ['IPv6 in brackets', 'dubbo://[fd00::1]:20880/p?', 'dubbo', 'fd00::1', 20_880, {}],
    ['IPv6 without brackets', 'dubbo://fd00:1::9:20880/p', 'dubbo', 'fd00:1::9', 20_880, {}],
    ['a semicolon between', 'dubbo://h:1/p?a=1;b=2', 'dubbo', 'h', 1, { a: '1', b: '2' }],
    ['an equals sign in a value', 'dubbo://h:1/p?a=b=c', 'dubbo', 'h', 1, { a: 'b=c' }],
    [
      'a name alone is its own value',
      'dubbo://h:1/p?anyhost',
      'dubbo',
      'h',
      1,
      { anyhost: 'anyhost' },
    ],
    ['empty parts', 'dubbo://h:1/p?&a=1&&', 'dubbo', 'h', 1, { a: '1' }],
    ['a question mark in a value', 'dubbo://h:1/p?a=b?c', 'dubbo', 'h', 1, { a: 'b?c' }],
    ['a URL in a value', 'dubbo://h:1/p?a=x://y/z', 'dubbo', 'h', 1, { a: 'x://y/z' }],
  ])('%s', (_, text, protocol, host, port, params) => {
    const url = parseDubboUrl(text)
    expect(url).toMatchObject({ protocol, host, port })
    expect(Object.fromEntries(url?.params ?? [])).toEqual(params)
  })

  test.each([
    ['no URL', 'not-a-url'],
    ['no scheme', '://h:1/p'],
    ['no address', 'dubbo:///p'],
    ['no port', 'dubbo://h/p'],
    ['no host', 'dubbo://:1/p'],
    ['port 0', 'dubbo://h:0/p'],
    ['a port too high', 'dubbo://h:70000/p'],
    ['a port that is no number', 'dubbo://h:2x/p'],
    ['white space in the host', 'dubbo://a b:1/p'],
    ['nothing', ''],
  ])('undefined for %s', (_, text) => {
    expect(parseDubboUrl(text)).toBeUndefined()
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDubboUrl(text)))
  })
})

test('what is written is read back, whatever the parameters that survive', () => {
  const params = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true })
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()).filter(isHost)
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), params, (host, port, all) => {
      const params = new Map(
        Object.entries(all).filter(([name, value]) => survivesUrl(name, value)),
      )
      const url = { protocol: 'dubbo', host, port, path: 'a.B', params }
      expect(parseDubboUrl(formatDubboUrl(url))).toEqual(url)
    }),
  )
})

test('the order in which parameters came leaves no trace', () => {
  const url = { protocol: 'dubbo', host: '::1', port: 1, path: 'p' }
  const one = formatDubboUrl({
    ...url,
    params: new Map([
      ['b', '2'],
      ['a', '1'],
    ]),
  })
  expect(one).toBe('dubbo://[::1]:1/p?a=1&b=2')
})
