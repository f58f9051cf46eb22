import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { CARRIES, type Carry } from '../../../trace-converter/context/carries.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import {
  ASPECTS,
  HEADER_FORMATS,
  type Aspect,
  type StandardFormat,
  type TraceContext,
  type TraceSeed,
} from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { ofSpan, spanIdOfText, traceIdOfText } from '../../../trace-converter/context/raw-id.ts'
import { context, PARENT, spanId, TRACE, traceId } from './contexts.ts'

const WORDS: Readonly<Record<string, Carry>> = {
  kept: 'kept',
  stashed: 'stashed',
  'full width': 'full-width',
  'once decided': 'decided',
  own: 'own',
  lost: 'lost',
}

interface Sample {
  readonly value: TraceContext | TraceSeed
  /** What must come back. */
  readonly see: (read: Partial<TraceContext & TraceSeed>) => unknown
}

const short = traceId('64fe8b2a57d3eff7')
const entry = { key: 'a', value: '1', properties: ['p'] }
const seed = (changes: Partial<TraceSeed>): TraceSeed => ({
  sampling: 'defer',
  baggage: [],
  vendor: {},
  source: 'b3',
  ...changes,
})

const catTrace = traceIdOfText('shop-0a000001-431738-1')?.traceId ?? traceId(TRACE)
const catSpan = spanIdOfText('shop-0a000001-431738-2', catTrace) ?? spanId(PARENT)

/** One context each in which the aspect is there to be lost. */
const SAMPLES: Readonly<Record<Aspect, Sample>> = {
  'span-id': { value: context(), see: (read) => read.spanId },
  'trace-id-high': { value: context(), see: (read) => read.traceId },
  'trace-id-width': {
    value: context({ traceId: short, traceIdWidth: 128 }),
    see: (read) => read.traceIdWidth,
  },
  'raw-trace-id': {
    value: context({ ...traceIdOfText('shop-0a000001-431738-32883') }),
    see: (read) => read.rawTraceId,
  },
  decision: { value: context({ sampling: 'accept' }), see: (read) => read.sampling },
  parent: { value: context({ parent: spanId(PARENT) }), see: (read) => read.parent },
  defer: { value: context({ sampling: 'defer' }), see: (read) => read.sampling },
  debug: { value: context({ sampling: 'debug' }), see: (read) => read.sampling },
  firehose: { value: context({ firehose: true }), see: (read) => read.firehose },
  random: { value: context({ random: true }), see: (read) => read.random },
  tracestate: {
    value: context({ tracestate: [{ key: 'a', value: '1' }] }),
    see: (read) => read.tracestate,
  },
  baggage: {
    value: context({ baggage: [entry] }),
    see: (read) => read.baggage?.map(({ key, value }) => [key, value]),
  },
  'baggage-properties': {
    value: context({ baggage: [entry] }),
    see: (read) => read.baggage?.map(({ properties }) => properties),
  },
  'seed-decision': { value: seed({ sampling: 'deny' }), see: (read) => read.sampling },
  'seed-debug': { value: seed({ sampling: 'debug' }), see: (read) => read.sampling },
  'debug-id': {
    value: seed({ sampling: 'debug', vendor: { 'jaeger.debug-id': 'x' } }),
    see: (read) => read.vendor,
  },
  'seed-trace-id': {
    value: seed({ trace: { traceId: traceId(TRACE), traceIdWidth: 128 } }),
    see: (read) => read.trace,
  },
  'skywalking-fields': {
    value: context({ vendor: { 'sw8.caller': 'YQ==-YQ==-YQ==-YQ==' } }),
    see: (read) => read.vendor,
  },
  'eagleeye-fields': {
    value: context({ vendor: { 'eagleeye.app': 'shop' } }),
    see: (read) => read.vendor,
  },
  'cat-fields': {
    value: context({
      ...traceIdOfText('shop-0a000001-431738-1'),
      spanId: catSpan,
      vendor: { 'cat.messages': ofSpan(catSpan, 'shop-0a000001-431738-2 ') },
    }),
    see: (read) => read.vendor,
  },
  'declared-fields': {
    value: context({ vendor: { 'homemade.span': 'x' } }),
    see: (read) => read.vendor,
  },
  'xray-fields': {
    value: context({ vendor: { 'xray.fields': 'Self=1-a;app=b' } }),
    see: (read) => read.vendor,
  },
  'datadog-fields': {
    value: context({ vendor: { 'dd.origin': 'rum', 'dd.tags': '_dd.p.dm=-4' } }),
    see: (read) => read.vendor,
  },
}

function comesBack(
  { value, see }: Sample,
  format: StandardFormat,
  how: { traceIdBits?: 64; without?: string; changes?: Partial<TraceContext> } = {},
): boolean {
  const sent = { ...value, ...how.changes }
  const written = writeContext([], sent, [format], { traceIdBits: how.traceIdBits ?? 128 })
  const found = readContext(
    written.filter(([name]) => name !== how.without),
    [format],
  )
  const read = found.context ?? found.seed ?? {}
  return JSON.stringify(see(read)) === JSON.stringify(see(sent))
}

/** What the word in a cell claims, tried on the codec. */
const CLAIMS: Readonly<Record<Carry, (sample: Sample, format: StandardFormat) => void>> = {
  kept: (sample, format) => {
    expect(comesBack(sample, format)).toBe(true)
    if (sample.value.sampling === 'accept' && sample !== SAMPLES.decision) {
      expect(comesBack(sample, format, { changes: { sampling: 'defer' } })).toBe(true)
    }
  },
  stashed: (sample, format) => {
    expect(comesBack(sample, format)).toBe(true)
    expect(comesBack(sample, format, { without: 'tracestate' })).toBe(false)
  },
  'full-width': (sample, format) => {
    expect(comesBack(sample, format)).toBe(true)
    expect(comesBack(sample, format, { traceIdBits: 64 })).toBe(false)
  },
  decided: (sample, format) => {
    expect(comesBack(sample, format)).toBe(true)
    expect(comesBack(sample, format, { changes: { sampling: 'defer' } })).toBe(false)
  },
  // That it keeps what it has said itself is in the tests of its codec.
  own: (sample, format) => {
    expect(comesBack(sample, format)).toBe(false)
  },
  lost: (sample, format) => {
    // Without any word for decisions all of them look undecided.
    if (sample === SAMPLES.defer && CARRIES[format].decision === 'lost') return
    expect(comesBack(sample, format)).toBe(false)
  },
}

const page = readFileSync(new URL('../../../docs/trace-headers.md', import.meta.url), 'utf8')
const rows = page
  .split('## What a format keeps')[1]
  ?.split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
const [head = [], ...body] = rows ?? []

describe('the matrix of docs/trace-headers.md', () => {
  test('has every format and every aspect, in order', () => {
    expect(head).toEqual(['what', ...HEADER_FORMATS])
    expect(body.map(([aspect]) => aspect)).toEqual([...ASPECTS])
  })

  test.each(
    ASPECTS.flatMap((aspect, row) =>
      HEADER_FORMATS.map((format, column) => [aspect, format, body[row]?.[column + 1]] as const),
    ),
  )('%s in %s: %s', (aspect, format, word = '') => {
    const carry = WORDS[word]
    if (carry === undefined) throw new Error(`no such word: ${word}`)
    expect(CARRIES[format][aspect]).toBe(carry)
    CLAIMS[carry](SAMPLES[aspect], format)
    const losses = lossesOf(SAMPLES[aspect].value, [format], 128)
    expect(losses.some(({ what }) => what === aspect)).toBe(carry === 'lost' || carry === 'own')
  })
})
