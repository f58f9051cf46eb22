import { describe, expect, test } from '@jest/globals'
import { decodeAny } from '../../../trace-converter/span/detect.ts'

const ZIPKIN = { traceId: 'a1', id: 'b1' }
const DOCUMENT = { traceID: 'a1', spanID: 'b1', process: { serviceName: 's' } }
const UI_TRACE = { traceID: 'a1', spans: [{ ...DOCUMENT, processID: 'p1' }], processes: {} }
const OTLP = { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'a1', spanId: 'b1' }] }] }] }
const lines = (...values: unknown[]): string => values.map((v) => JSON.stringify(v)).join('\n')

describe('a file is known by what is in it', () => {
  test.each([
    ['a list of Zipkin spans', JSON.stringify([ZIPKIN]), 'zipkin-v2', 1],
    ['an answer of /api/v2/traces', JSON.stringify([[ZIPKIN], [ZIPKIN]]), 'zipkin-v2', 2],
    ['a single Zipkin span', JSON.stringify(ZIPKIN), 'zipkin-v2', 1],
    ['Zipkin spans one a line', lines(ZIPKIN, ZIPKIN), 'zipkin-v2', 2],
    ['Zipkin lists one a line', lines([ZIPKIN], [ZIPKIN]), 'zipkin-v2', 2],
    ['an answer of a Jaeger query', JSON.stringify({ data: [UI_TRACE] }), 'jaeger-ui', 1],
    ['a Jaeger trace by itself', JSON.stringify(UI_TRACE), 'jaeger-ui', 1],
    ['Jaeger traces one a line', lines(UI_TRACE, UI_TRACE), 'jaeger-ui', 2],
    [
      'hits of Jaeger documents',
      JSON.stringify({ hits: { hits: [{ _source: DOCUMENT }] } }),
      'jaeger-es',
      1,
    ],
    [
      'hits of Zipkin documents',
      JSON.stringify({ hits: { hits: [{ _source: ZIPKIN }] } }),
      'zipkin-v2',
      1,
    ],
    ['documents one a line', lines(DOCUMENT, DOCUMENT), 'jaeger-es', 2],
    ['hits one a line, as dump tools write', lines({ _source: DOCUMENT }), 'jaeger-es', 1],
    ['an OTLP request', JSON.stringify(OTLP), 'otlp', 1],
    ['OTLP requests one a line', lines(OTLP, OTLP), 'otlp', 2],
  ] as const)('%s', (_, text, format, count) => {
    const decoded = decodeAny(text, { store: 'file' })
    expect({ format: decoded.format, count: decoded.spans.length }).toEqual({ format, count })
  })

  test.each([
    ['an empty list', '[]'],
    ['an answer without traces', '{"data":[]}'],
    ['a search without hits', '{"hits":{"hits":[]}}'],
    ['an empty file', ''],
  ])('%s holds nothing and nothing is wrong with it', (_, text) => {
    expect(decodeAny(text, { store: 'file' })).toEqual({
      format: undefined,
      spans: [],
      problems: [],
    })
  })

  test.each([
    ['prose', 'hello'],
    ['other JSON', '{"a":1}'],
    ['null', 'null'],
  ])('%s is said to be none of them', (_, text) => {
    const { spans, problems } = decodeAny(text, { store: 'file' })
    expect(spans).toEqual([])
    expect(problems).toHaveLength(1)
  })
})

describe('what cannot be read is named and costs nothing else', () => {
  test('a line cut short in the middle of a dump', () => {
    const text = `${lines(ZIPKIN)}\n{"traceId":"a\n${lines({ ...ZIPKIN, id: 'b2' })}`
    const { spans, problems } = decodeAny(text, { store: 'file' })
    expect(spans.map(({ id }) => id)).toEqual(['00000000000000b1', '00000000000000b2'])
    expect(problems).toEqual([{ index: 1, lost: 'span', reason: 'not an object' }])
  })

  test.each([
    ['a trace id of zeros', { ...ZIPKIN, traceId: '0000' }, 'span', /traceId/],
    ['a trace id longer than 32', { ...ZIPKIN, traceId: 'a'.repeat(33) }, 'span', /traceId/],
    ['no id', { traceId: 'a1' }, 'span', /\bid\b/],
    [
      'an id longer than 16: its right half is kept',
      { ...ZIPKIN, id: 'c'.repeat(32) },
      'field',
      /right 16/,
    ],
    ['a start that is no number', { ...ZIPKIN, timestamp: 'soon' }, 'field', /timestamp/],
    ['an unknown kind', { ...ZIPKIN, kind: 'MIDDLE' }, 'field', /kind/],
    [
      'an annotation without time',
      { ...ZIPKIN, annotations: [{ value: 'x' }] },
      'field',
      /annotation/,
    ],
    ['a tag that is no text', { ...ZIPKIN, tags: { n: { a: 1 } } }, 'field', /tags\.n/],
  ] as const)('%s', (_, span, lost, reason) => {
    const { spans, problems } = decodeAny(JSON.stringify([ZIPKIN, span]), { store: 'file' })
    expect(spans).toHaveLength(lost === 'span' ? 1 : 2)
    expect(problems).toEqual([
      { index: 1, lost, reason: expect.stringMatching(reason) as unknown as string },
    ])
  })
})
