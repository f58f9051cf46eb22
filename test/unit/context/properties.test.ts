import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { vendorAspect } from '../../../trace-converter/context/aspects.ts'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import {
  type BaggageEntry,
  HEADER_FORMATS,
  type HeaderFormat,
  type HeaderList,
} from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { grammarOf, isOwned } from './grammar.ts'
import { anyContext, anyHeaders, anySpanId, anyUnrelated, representable } from './contexts.ts'

const anyFormats = fc.uniqueArray(fc.constantFrom(...HEADER_FORMATS), { minLength: 1 })
const anyBits = fc.constantFrom(64 as const, 128 as const)
const anyConversion = fc.record({ from: anyFormats, to: anyFormats, traceIdBits: anyBits })
const wide = { traceIdBits: 128 } as const

/** One trace in two formats, of which the second says more than the first has words for. */
const SAME_TRACE_TWICE: [HeaderList, (typeof HEADER_FORMATS)[number][]] = [
  [
    ['traceparent', '00-80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-01'],
    ['sw8', '1-ODBmMTk4ZWU1NjM0M2JhODY0ZmU4YjJhNTdkM2VmZjc=-YS5iLmM=-3-cw==-cw==-cw==-cw=='],
  ],
  ['w3c', 'sw8'],
]

describe('laws of the codecs', () => {
  test('no headers make it throw, and all that it writes is valid by the target’s grammar', () => {
    fc.assert(
      fc.property(
        anyHeaders,
        anyConversion,
        fc.option(anySpanId),
        fc.boolean(),
        (headers, how, spanId, lenient) => {
          const converted = convertHeaders(headers, {
            ...how,
            lenient,
            ...(spanId === null ? {} : { spanId }),
          })
          const written = converted.headers.slice(headers.filter(([name]) => !isOwned(name)).length)
          for (const [name, value] of written) {
            expect(value).toMatch(grammarOf(name))
          }
          const names = written.map(([name]) => name)
          expect(new Set(names).size).toBe(names.length)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test.each([...HEADER_FORMATS])('what %s can say it reads back', (format) => {
    fc.assert(
      fc.property(representable[format], (context) => {
        const found = readContext(writeContext([], context, [format], wide), [format])
        expect(found).toEqual({ context, rejected: [] })
      }),
    )
  })

  test.each(HEADER_FORMATS.filter((format) => format !== 'w3c' && format !== 'cat'))(
    '%s into W3C and back: same decision, ids, width and parent, and the same fields',
    (format) => {
      fc.assert(
        fc.property(representable[format], (context) => {
          const there = writeContext([], context, [format], wide)
          const mesh = convertHeaders(there, { from: [format], to: ['w3c'], ...wide })
          expect(mesh.losses).toEqual([])
          const back = convertHeaders(mesh.headers, { from: ['w3c'], to: [format], ...wide })
          expect(back.losses).toEqual([])
          expect(back.headers).toEqual(there)
        }),
      )
    },
  )

  test('headers of others are neither seen nor touched, wherever and however often they stand', () => {
    fc.assert(
      fc.property(
        representable.w3c,
        fc.array(anyUnrelated, { maxLength: 6 }),
        fc.infiniteStream(fc.boolean()),
        anyConversion,
        (context, unrelated, coins, how) => {
          const own = writeContext([], context, ['w3c', 'b3'], wide)
          const mixed = shuffleIn(own, [...unrelated, ...unrelated], coins)
          const alone = convertHeaders(own, how)
          const among = convertHeaders(mixed, how)
          expect(among).toEqual({
            ...alone,
            headers: [...unrelated, ...unrelated, ...alone.headers],
          })
        },
      ),
    )
  })

  test('converting what was converted changes nothing more', () => {
    fc.assert(
      fc.property(anyHeaders, anyFormats, (headers, formats) => {
        const how = { from: formats, to: formats, ...wide }
        const once = convertHeaders(headers, how)
        expect(convertHeaders(once.headers, how).headers).toEqual(once.headers)
      }),
      { numRuns: 1_000, examples: [SAME_TRACE_TWICE] },
    )
  })

  test('what does not come back is a listed loss, for any context, formats and width', () => {
    fc.assert(
      fc.property(anyContext, anyFormats, anyBits, (context, formats, traceIdBits) => {
        const lost = new Set(lossesOf(context, formats, traceIdBits).map(({ what }) => what))
        const written = writeContext([], context, formats, { traceIdBits })
        const found = readContext(written, widestFirst(formats)).context
        expect(found?.spanId).toBe(context.spanId)
        if (!lost.has('trace-id-high')) expect(found?.traceId).toBe(context.traceId)
        if (!lost.has('defer') && !lost.has('debug') && !lost.has('decision'))
          expect(found?.sampling).toBe(context.sampling)
        if (!lost.has('firehose')) expect(found?.firehose).toBe(context.firehose)
        if (!lost.has('random')) expect(found?.random ?? false).toBe(context.random ?? false)
        if (!lost.has('tracestate')) {
          // What Datadog's fields ride in.
          const others = found?.tracestate.filter(({ key }) => key !== 'dd')
          expect(others).toEqual(context.tracestate)
        }
        for (const [name, value] of Object.entries(context.vendor)) {
          if (!lost.has(vendorAspect(name))) expect(found?.vendor[name]).toBe(value)
        }
        if (!lost.has('parent') && context.parent.length === 16) {
          expect(found?.parent).toBe(context.parent)
        }
        if (!lost.has('baggage') && !lost.has('baggage-properties')) {
          expect(inOrder(found?.baggage)).toEqual(inOrder(context.baggage))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

/** The order that a gateway would be configured with: the format that says most first. */
function widestFirst(formats: readonly HeaderFormat[]): readonly HeaderFormat[] {
  return HEADER_FORMATS.filter((format) => formats.includes(format))
}

/** Formats with unlike limits bring their members in an order of their own. */
function inOrder(entries: readonly BaggageEntry[] = []): readonly BaggageEntry[] {
  return entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** Both lists in their own order, interleaved as the coins fall. */
function shuffleIn<T>(own: readonly T[], others: readonly T[], coins: Iterator<boolean>): T[] {
  const [left, right] = [[...own], [...others]]
  const mixed: T[] = []
  while (left.length > 0 || right.length > 0) {
    const takeLeft = right.length === 0 || (left.length > 0 && coins.next().value === true)
    mixed.push(...(takeLeft ? left : right).splice(0, 1))
  }
  return mixed
}
