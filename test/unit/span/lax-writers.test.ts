import { describe, expect, test } from '@jest/globals'
import { decodeAny } from '../../../trace-converter/span/detect.ts'
import type { AnyDecoded } from '../../../trace-converter/span/detect.ts'
import type { Span } from '../../../trace-converter/span/model.ts'

const IDS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '00f067aa0ba902b7' }

/** `span`: JSON text of what an OTLP span has besides its ids. */
function otlp(span: string): AnyDecoded {
  const ids = JSON.stringify(IDS).slice(1, -1)
  const good = `{${ids}}`
  const spans = `[{${ids}${span && `,${span}`}},${good}]`
  return decodeAny(`{"resourceSpans":[{"scopeSpans":[{"spans":${spans}}]}]}`, { store: 's' })
}

function nested(open: string, inner: string, close: string, depth: number): string {
  return open.repeat(depth) + inner + close.repeat(depth)
}

describe('what lax and strange writers send', () => {
  test.each<[string, string, Partial<Span>]>([
    ['an enum by its name', '"kind":"SPAN_KIND_CLIENT"', { kind: 'client' }],
    ['an enum as the text of its number', '"kind":"3"', { kind: 'client' }],
    [
      'an integer as a number, as OpenTelemetry JS writes it',
      '"attributes":[{"key":"n","value":{"intValue":5}}]',
      { tags: [{ key: 'n', value: { type: 'int64', value: 5 } }] },
    ],
    [
      'one past 2^53: what JSON left of it, still an integer',
      '"attributes":[{"key":"n","value":{"intValue":9007199254740994}}]',
      { tags: [{ key: 'n', value: { type: 'int64', value: '9007199254740994' } }] },
    ],
    [
      'an empty list and an empty map',
      '"attributes":[{"key":"l","value":{"arrayValue":{}}},{"key":"m","value":{"kvlistValue":{}}}]',
      {
        tags: [
          { key: 'l', value: { type: 'list', value: [] } },
          { key: 'm', value: { type: 'map', value: [] } },
        ],
      },
    ],
  ])('%s', (_, text, wanted) => {
    const { spans, problems } = otlp(text)
    expect(spans[0]).toMatchObject(wanted)
    expect(problems).toEqual([])
  })

  test.each([
    ['a time past all numbers', '"startTimeUnixNano":1e400'],
    ['a time past 2^53 µs', '"startTimeUnixNano":"99999999999999999999"'],
    ['a kind that nobody knows', '"kind":9'],
    ['a status that nobody knows', '"status":{"code":7}'],
    ['an event that is none', '"events":[null]'],
  ])('%s is left out, and said to be', (_, text) => {
    const { spans, problems } = otlp(text)
    expect(spans).toHaveLength(2)
    expect(spans[0]).toEqual(spans[1])
    expect(problems).toEqual([expect.objectContaining({ index: 0, lost: 'field' })])
  })

  const values = nested('{"arrayValue":{"values":[', '{}', ']}}', 20_000)
  const lists = nested('[', '', ']', 100_000)
  const zipkin = '"traceId":"1","id":"2"'
  const document = '"traceID":"1","spanID":"2"'
  const carried = JSON.stringify(nested('[', '', ']', 100_000))
  test.each<[string, () => AnyDecoded]>([
    ['an OTLP attribute', () => otlp(`"attributes":[{"key":"a","value":${values}}]`)],
    ['a Zipkin tag', () => decoded(`[{${zipkin},"tags":{"a":${lists}}},{${zipkin}}]`)],
    [
      'a tag of a document',
      () => decoded(`[{${document},"tags":[{"key":"a","value":${lists}}]},{${document}}]`),
    ],
    [
      'a tag of a trace',
      () =>
        decoded(`{"spans":[{${document},"tags":[{"key":"a","value":${lists}}]},{${document}}]}`),
    ],
  ])('%s nested without end costs its own span, and no other', (_, decode) => {
    const { spans, problems } = decode()
    expect(spans).toHaveLength(1)
    expect(problems).toContainEqual(expect.objectContaining({ index: 0, lost: 'span' }))
  })

  test('a carried field nested without end stays a plain tag', () => {
    const { spans } = decoded(`[{${zipkin},"tags":{"isthmus.tags":${carried}}}]`)
    expect(spans[0]?.tags).toHaveLength(1)
  })

  test('a file with a byte order mark is read', () => {
    expect(decoded(`\uFEFF[{${zipkin}}]`)).toMatchObject({ format: 'zipkin-v2', problems: [] })
  })
})

function decoded(text: string): AnyDecoded {
  return decodeAny(text, { store: 's' })
}
