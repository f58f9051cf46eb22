import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { vendorAspect } from '../../../trace-converter/context/aspects.ts'
import {
  parseDeclaredName,
  type FormatDeclaration,
} from '../../../trace-converter/context/declaration.ts'
import { declaredCodec } from '../../../trace-converter/context/declared.ts'
import { Formats } from '../../../trace-converter/context/formats.ts'
import { hasHighHalf } from '../../../trace-converter/context/ids.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import {
  HEADER_FORMATS,
  type Aspect,
  type DeclaredFormat,
  type HeaderFormat,
  type TraceContext,
} from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { ofSpan, spanIdOfText, traceIdOfText } from '../../../trace-converter/context/raw-id.ts'
import { restoreContext } from '../../../trace-converter/context/restore.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { representable } from './contexts.ts'

function named(text: string): DeclaredFormat {
  const name = parseDeclaredName(text)
  if (name === undefined) throw new TypeError(`not a name: ${text}`)
  return name
}

/** Formats of somebody's own making, as unlike as declarations can be. */
const HOME_MADE: readonly FormatDeclaration[] = [
  {
    name: named('fields'),
    headers: { traceId: 'X-A-Trace', spanId: 'X-A-Span', parentId: 'X-A-Up', sampled: 'X-A-On' },
    traceId: { encoding: 'hex', bits: 128 },
    spanId: { encoding: 'hex' },
    sampled: { accept: 'yes', deny: 'no', debug: 'force' },
  },
  {
    name: named('packed'),
    headers: { name: 'X-B', separator: '|', fields: ['sampled', 'spanId', 'traceId'] },
    traceId: { encoding: 'uuid', bits: 128 },
    spanId: { encoding: 'decimal' },
    sampled: { accept: '1', deny: '0' },
  },
  {
    name: named('narrow'),
    headers: { traceId: 'X-C-Trace', spanId: 'X-C-Span' },
    traceId: { encoding: 'decimal', bits: 64 },
    spanId: { encoding: 'base64' },
  },
  {
    name: named('texts'),
    headers: { traceId: 'X-D-Trace', spanId: 'X-D-Span', parentId: 'X-D-Up', sampled: 'X-D-On' },
    traceId: { encoding: 'text', bits: 128 },
    spanId: { encoding: 'text' },
    sampled: { accept: 'yes', deny: 'no' },
  },
]
const formats = new Formats(HOME_MADE.map(declaredCodec))
const wide = { traceIdBits: 128, formats } as const

/** What a format makes of a context that W3C could say: no more than it can say itself. */
function saidBy(format: HeaderFormat): fc.Arbitrary<TraceContext> {
  return representable.w3c
    .map((context) => backFrom(context, format))
    .filter((one) => one !== undefined)
}

const anyWord = fc.stringMatching(/^[!-+.-~]{1,40}$/)
const texts: fc.Arbitrary<TraceContext> = fc
  .record({
    plain: saidBy(named('fields')),
    trace: anyWord,
    span: anyWord,
    sampled: fc.constantFrom('deny' as const, 'accept', 'defer'),
  })
  .map(({ plain, trace, span, sampled }) => {
    const ids = traceIdOfText(trace) ?? plain
    const id = spanIdOfText(span, ids.traceId) ?? plain.spanId
    return {
      ...plain,
      ...ids,
      spanId: id,
      parent: 'root' as const,
      sampling: sampled,
      vendor: id === span ? {} : { 'texts.span': ofSpan(id, span) },
      source: named('texts'),
    }
  })

const SAYABLE: ReadonlyMap<HeaderFormat, fc.Arbitrary<TraceContext>> = new Map<
  HeaderFormat,
  fc.Arbitrary<TraceContext>
>([
  ...HEADER_FORMATS.map((format) => [format, representable[format]] as const),
  ...HOME_MADE.map(({ name }) => [name, name === 'texts' ? texts : saidBy(name)] as const),
])
const PAIRS = [...SAYABLE].flatMap(([a, anySayable]) =>
  [...SAYABLE.keys()].map((b) => [a, b, anySayable] as const),
)
/** Why a format may write nothing at all of a context: it has no number for a right half of zeros. */
const NAMELESS: ReadonlyMap<HeaderFormat, Aspect> = new Map<HeaderFormat, Aspect>([
  ['datadog', 'trace-id-high'],
  [named('narrow'), 'trace-id-high'],
])

/** Through a service that was told in one format and passes its fields on. */
function backFrom(context: TraceContext, format: HeaderFormat): TraceContext | undefined {
  return readContext(writeContext([], context, [format], wide), [format], wide).context
}

/** Aspects in which what came back is not what was said; where it was read is none. */
function differences(said: TraceContext, came: TraceContext): readonly string[] {
  const high = (id: string): string => id.slice(0, 16)
  const without = ({ tracestate }: TraceContext): unknown =>
    tracestate.filter(({ key }) => key !== 'dd')
  const pairs = ({ baggage }: TraceContext): unknown =>
    baggage.map(({ key, value }) => [key, value])
  const properties = ({ baggage }: TraceContext): unknown =>
    baggage.map((entry) => entry.properties).filter((list) => list.length > 0)
  const decision =
    said.sampling === 'defer' || said.sampling === 'debug' ? said.sampling : 'decision'
  const facts: readonly (readonly [Aspect, unknown, unknown])[] = [
    ['span-id', said.spanId, came.spanId],
    ['trace-id-high', high(said.traceId), high(came.traceId)],
    ['trace-id-width', widthOf(said), hasHighHalf(said.traceId) ? 128 : came.traceIdWidth],
    ['raw-trace-id', said.rawTraceId, came.rawTraceId],
    ['parent', parentOf(said), parentOf(came)],
    [decision, said.sampling, came.sampling],
    ['firehose', said.firehose, came.firehose],
    ['random', said.random ?? false, came.random ?? false],
    ['tracestate', without(said), without(came)],
    ['baggage', pairs(said), pairs(came)],
    ['baggage-properties', properties(said), properties(came)],
    ...Object.keys(said.vendor).map(
      (name) => [vendorAspect(name), said.vendor[name], came.vendor[name]] as const,
    ),
  ]
  const differ = facts.filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b))
  return [...new Set(differ.map(([aspect]) => aspect))].toSorted()
}

/** That of an id with a left half goes with the half. */
function widthOf({ traceId, traceIdWidth }: TraceContext): number {
  return hasHighHalf(traceId) ? 128 : traceIdWidth
}

/** "None" and "not known" are the same on the wire. */
function parentOf({ parent }: TraceContext): string {
  return parent.length === 16 ? parent : 'none'
}

/** Without a word for any decision "undecided" looks the same as ever. */
function shown(lost: readonly string[], format: HeaderFormat): readonly string[] {
  const isSilent = formats.codec(format).carries.decision === 'lost'
  return lost.filter((what) => what !== 'defer' || !isSilent).toSorted()
}

function lossesIn(context: TraceContext, format: HeaderFormat): readonly string[] {
  return lossesOf(context, [format], 128, formats).map(({ what }) => what)
}

describe('there and back, for every two formats', () => {
  test.each(PAIRS)('%s > %s > the first: all of it with what was told', (a, b, anySayable) => {
    fc.assert(
      fc.property(anySayable, (context) => {
        const came = backFrom(context, b)
        if (came === undefined) return
        const back = restoreContext(came, context, 128, formats)
        expect(writeContext([], back, [a], wide)).toEqual(writeContext([], context, [a], wide))
      }),
      { numRuns: 10 },
    )
  })

  test.each(PAIRS)(
    '%s > %s > the first: without it, less the listed losses',
    (_a, b, anySayable) => {
      fc.assert(
        fc.property(anySayable, (context) => {
          const came = backFrom(context, b)
          const lost = lossesIn(context, b)
          // Without a span, or a right half that the format can say, there is no context.
          if (came === undefined) expect(lost).toContain(NAMELESS.get(b))
          else expect(differences(context, came)).toEqual(shown(lost, b))
        }),
        { numRuns: 10 },
      )
    },
  )
})
