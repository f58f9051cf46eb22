import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson } from '../../../trace-converter/span/canonical.ts'
import type { Decoded } from '../../../trace-converter/span/decoded.ts'
import {
  decodeJaegerDocuments,
  encodeJaegerDocument,
} from '../../../trace-converter/span/jaeger-es.ts'
import { decodeJaegerTraces, encodeJaegerTrace } from '../../../trace-converter/span/jaeger-ui.ts'
import type { Span, SpanFormat } from '../../../trace-converter/span/model.ts'
import { decodeOtlpSpans, encodeOtlpSpans } from '../../../trace-converter/span/otlp-json.ts'
import { decodeZipkinSpans, encodeZipkinSpan } from '../../../trace-converter/span/zipkin-json.ts'
import { arbitrarySpan } from './arbitrary-span.ts'

const STORE = { store: 'store' }

const CODECS: readonly [
  SpanFormat,
  (spans: readonly Span[]) => unknown,
  (json: unknown) => Decoded,
][] = [
  ['zipkin-v2', (spans) => spans.map(encodeZipkinSpan), (json) => decodeZipkinSpans(json, STORE)],
  [
    'jaeger-ui',
    (spans) => ({ data: spans.map(traceOfOne) }),
    (json) => decodeJaegerTraces(json, STORE),
  ],
  [
    'jaeger-es',
    (spans) => spans.map(encodeJaegerDocument),
    (json) => decodeJaegerDocuments(json, STORE),
  ],
  ['otlp', encodeOtlpSpans, (json) => decodeOtlpSpans(json, STORE)],
]

const OF_ANY_ORIGIN = fc.oneof(...CODECS.map(([origin]) => arbitrarySpan(origin)))

describe.each(CODECS)('%s', (format, encode, decode) => {
  // Spans of every origin: what the format itself cannot say must come back all the same.
  test('gives back any span, whatever format it came from', () => {
    fc.assert(
      fc.property(fc.array(OF_ANY_ORIGIN, { maxLength: 3 }), (spans) => {
        const wire: unknown = JSON.parse(JSON.stringify(encode(spans)))
        const { spans: back, problems } = decode(wire)
        expect(sorted(back.map(withoutFormat))).toEqual(sorted(spans.map(withoutFormat)))
        expect(problems.filter(({ lost }) => lost === 'span')).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('never throws on any JSON and never loses a good span to a bad one', () => {
    const good = encode([SOME])
    fc.assert(
      fc.property(fc.jsonValue(), (junk) => {
        decode(junk)
        const mixed = decode(mix(good, junk))
        expect(mixed.spans.map(({ id }) => id)).toContain(SOME.id)
      }),
    )
  })

  test('encodes the same again after a round trip', () => {
    fc.assert(
      fc.property(arbitrarySpan(format), (span) => {
        const once = encode([span])
        expect(encode(decode(JSON.parse(JSON.stringify(once))).spans)).toEqual(once)
      }),
    )
  })
})

const [SOME] = fc.sample(arbitrarySpan('otlp'), { seed: 1, numRuns: 1 }) as [Span]

function traceOfOne(span: Span): unknown {
  return encodeJaegerTrace({ traceId: span.traceId, spans: [span], aliases: [], notes: [] })
}

/** OTLP groups by resource, so order between spans is not kept: compare as a sorted list. */
function sorted(spans: readonly Span[]): readonly string[] {
  return spans.map(canonicalJson).sort()
}

function withoutFormat(span: Span): Span {
  return { ...span, provenance: { ...span.provenance, format: 'otlp' } }
}

/** Puts junk beside the good span, at the place where the format lists spans. */
function mix(good: unknown, junk: unknown): unknown {
  if (Array.isArray(good)) return [junk, ...(good as unknown[])]
  const text = JSON.stringify(good)
  return JSON.parse(text.replace('"spans":[', () => `"spans":[${JSON.stringify(junk)},`))
}
