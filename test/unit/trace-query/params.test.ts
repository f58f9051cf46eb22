import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  Params,
  parseAnnotationQuery,
  parseGoDuration,
  parseTagObject,
} from '../../../src/trace-query/params.ts'

describe('parseGoDuration', () => {
  test.each([
    ['1.2s', 1_200_000],
    ['100ms', 100_000],
    ['500us', 500],
    ['500µs', 500],
    ['1500ns', 2],
    ['1h30m', 5_400_000_000],
    ['', undefined],
    ['5', undefined],
    ['1.2.3s', undefined],
    ['-1s', undefined],
    ['1s junk', undefined],
  ])('%p is %p µs', (text, expected) => {
    expect(parseGoDuration(text)).toBe(expected)
  })

  test('whole milliseconds come through exactly', () => {
    fc.assert(fc.property(fc.nat(1e9), (ms) => parseGoDuration(`${String(ms)}ms`) === ms * 1_000))
  })
})

describe('parseAnnotationQuery', () => {
  test.each([
    ['a tag with a value', 'http.method=GET', [{ key: 'http.method', value: 'GET' }]],
    ['a tag or an annotation', 'error', [{ key: 'error' }]],
    ['both', 'error and a=b', [{ key: 'error' }, { key: 'a', value: 'b' }]],
    ['a value with = in it', 'q=a=b', [{ key: 'q', value: 'a=b' }]],
    ['an annotation that begins with =', '=x', [{ key: '=x' }]],
    ['a word that contains "and"', 'band', [{ key: 'band' }]],
    ['nothing', ' and ', []],
  ])('%s', (_why, text, expected) => {
    expect(parseAnnotationQuery(text)).toEqual(expected)
  })
})

test.each([
  ['an object of strings', '{"a":"b"}', [{ key: 'a', value: 'b' }]],
  ['a number as a value, which Jaeger refuses too', '{"a":1}', undefined],
  ['a list', '["a"]', undefined],
  ['no JSON', '{', undefined],
])('parseTagObject: %s', (_why, text, expected) => {
  expect(parseTagObject(text)).toEqual(expected)
})

describe('Params', () => {
  test('names every bad parameter in one error', () => {
    const params = new Params({ limit: 'many', endTs: '0', service: '' })
    params.integer('limit', 1)
    params.integer('endTs', 1)
    params.required('service')
    expect(() => params.check()).toThrow(
      'limit must be a whole number of at least 1; endTs must be a whole number of at least 1; service is required',
    )
  })

  test('an empty parameter is an absent one, as the UIs send empty fields', () => {
    const params = new Params({ limit: '', tag: ['', 'a:b'] })
    expect(params.integer('limit', 1)).toBeUndefined()
    expect(params.all('tag')).toEqual(['a:b'])
    expect(() => params.check()).not.toThrow()
  })
})
