import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { requestFields, responseFields, trailerFields } from '../../../src/edge/hop-by-hop.ts'
import type { HeaderField, HeaderList } from '../../../trace-converter/context/model.ts'

const KEPT: HeaderField = ['X-Kept', '1']

describe('fields of one connection', () => {
  test.each<[string, HeaderList, HeaderList]>([
    [
      'Connection itself, however often',
      [['Connection', 'close'], ['CONNECTION', 'a'], KEPT],
      [KEPT],
    ],
    [
      'what it names, in any case and space',
      [['connection', ' X-A ,x-b'], ['x-A', '1'], ['X-B', '2'], KEPT],
      [KEPT],
    ],
    ['also named before', [['x-a', '1'], ['Connection', 'X-A'], KEPT], [KEPT]],
    [
      'not what frames or routes',
      [
        ['Connection', 'host, content-length'],
        ['Host', 'a'],
        ['Content-Length', '1'],
      ],
      [
        ['Host', 'a'],
        ['Content-Length', '1'],
      ],
    ],
    ['an empty one names nothing', [['Connection', ''], KEPT], [KEPT]],
    ['Expect is answered here', [['Expect', '100-continue'], KEPT], [KEPT]],
    ['Trailer without chunks is a lie', [['Trailer', 'x'], KEPT], [KEPT]],
    [
      'Trailer with chunks goes on',
      [
        ['Trailer', 'x'],
        ['Transfer-Encoding', 'chunked'],
      ],
      [['Trailer', 'x']],
    ],
    [
      'order and duplicates stay',
      [['a', '1'], KEPT, ['A', '2'], KEPT],
      [['a', '1'], KEPT, ['A', '2'], KEPT],
    ],
  ])('%s', (_why, received, expected) => {
    expect(requestFields(received)).toEqual(expected)
  })

  test.each([
    [200, true, 'a length is the message’s'],
    [304, true, 'it says what a 200 would have'],
    [204, false, 'RFC 9110 §8.6'],
    [103, false, 'RFC 9110 §8.6'],
  ])('Content-Length of a %d stays: %s (%s)', (status, stays) => {
    expect(responseFields(status, [['Content-Length', '0']])).toHaveLength(stays ? 1 : 0)
  })

  test('Expect of a response is its own matter', () => {
    expect(responseFields(200, [['Expect', 'x']])).toEqual([['Expect', 'x']])
  })

  test.each([
    'Transfer-Encoding',
    'Content-Length',
    'Host',
    'Trailer',
    'Authorization',
    'Set-Cookie',
    'Connection',
    'Content-Type',
  ])('%s is no trailer', (name) => {
    expect(trailerFields([[name, 'x'], KEPT])).toEqual([KEPT])
  })

  test('law: removing twice is removing once, and nothing is added', () => {
    const name = fc.constantFrom(
      'Connection',
      'TE',
      'x-a',
      'X-A',
      'host',
      'Trailer',
      'Transfer-Encoding',
      'X-B',
    )
    const value = fc.constantFrom('x-a', 'close', 'x-b, te', 'host', 'chunked', '')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (headers) => {
        const once = requestFields(headers)
        expect(headers).toEqual(expect.arrayContaining([...once]))
        const twice = requestFields(once)
        // Only Trailer needs the framing beside it, which is gone by then.
        expect(twice).toEqual(once.filter(([field]) => field !== 'Trailer'))
      }),
    )
  })
})
