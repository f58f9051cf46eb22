import { describe, expect, test } from '@jest/globals'
import { convertHeaders, type Conversion } from '../../../trace-converter/context/convert.ts'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { crossTrace } from '../../../src/edge/trace.ts'
import { requestFields } from '../../../src/edge/hop-by-hop.ts'
import type { Participation } from '../../../src/edge/participation.ts'
import { noTraceMemory, type TraceMemory } from '../../../src/edge/trace-memory.ts'
import type { TraceSide, TraceSides } from '../../../src/edge/trace-side.ts'
import { PARENT, SPAN, spanId, TRACE } from './contexts.ts'

/**
 * The thirty corners between formats, in the order in which they were collected from the
 * specifications and from what other gateways get wrong. Each has its number, whose rule it is, what
 * comes in, and what goes out.
 */
const HIGH = TRACE.slice(0, 16)
const LOW = TRACE.slice(16)
const PADDED = `${'0'.repeat(16)}${LOW}`
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`
const OTHER = '1'.repeat(32)
const ZEROS = '0'.repeat(32)

type How = Partial<Conversion> & Pick<Conversion, 'from' | 'to'>
type Lines = HeaderList

function through(given: Lines, how: How): ReturnType<typeof convertHeaders> {
  return convertHeaders(given, { traceIdBits: 128, ...how })
}

interface Case {
  readonly corner: number
  readonly why: string
  readonly given: Lines
  readonly how: How
  readonly written: Lines
  /** Losses and refusals that are counted, by name. */
  readonly counted?: readonly string[]
}

const b3 = (...more: Lines): Lines => [['x-b3-traceid', TRACE], ['x-b3-spanid', SPAN], ...more]
const short: Lines = [
  ['x-b3-traceid', LOW],
  ['x-b3-spanid', SPAN],
  ['x-b3-sampled', '1'],
]
const NOTHING: Lines = []
const ANY: How = { from: ['w3c', 'b3-single', 'b3', 'jaeger'], to: ['w3c'] }

const CASES: readonly Case[] = [
  {
    corner: 1,
    why: 'a 64-bit id is padded on the left (Jaeger)',
    given: short,
    how: { from: ['b3'], to: ['w3c'] },
    written: [['traceparent', `00-${PADDED}-${SPAN}-01`]],
  },
  {
    corner: 2,
    why: 'and goes back in 16 digits to who wrote 16 (Brave, jaeger-go)',
    given: [['traceparent', `00-${PADDED}-${SPAN}-01`]],
    how: { from: ['w3c'], to: ['b3-single', 'jaeger'] },
    written: [
      ['b3', `${LOW}-${SPAN}-1`],
      ['uber-trace-id', `${LOW}:${SPAN}:0:1`],
    ],
  },
  {
    corner: 2,
    why: 'a 64-bit id that was written wide stays wide: the stash says so',
    given: [
      ['traceparent', `00-${PADDED}-${SPAN}-01`],
      ['tracestate', `b3=${PADDED}-${SPAN}-1`],
    ],
    how: { from: ['w3c'], to: ['b3-single'] },
    written: [['b3', `${PADDED}-${SPAN}-1`]],
  },
  {
    corner: 3,
    why: 'a peer of 64 bits gets the right half, the left one is counted (B3 downgrade)',
    given: [['traceparent', TRACEPARENT]],
    how: { from: ['w3c'], to: ['b3-single'], traceIdBits: 64 },
    written: [['b3', `${LOW}-${SPAN}-1`]],
    counted: ['trace-id-high'],
  },
  {
    corner: 3,
    why: 'Datadog has a tag for the left half',
    given: [['traceparent', TRACEPARENT]],
    how: { from: ['w3c'], to: ['datadog'] },
    written: [
      ['x-datadog-trace-id', String(BigInt(`0x${LOW}`))],
      ['x-datadog-parent-id', String(BigInt(`0x${SPAN}`))],
      ['x-datadog-sampling-priority', '1'],
      ['x-datadog-tags', `_dd.p.tid=${HIGH}`],
    ],
  },
  {
    corner: 4,
    why: 'short ids of Jaeger are padded, to 16 where they fit there (docs: MUST)',
    given: [['uber-trace-id', '1f:2a:0:1']],
    how: { from: ['jaeger'], to: ['b3-single', 'w3c'] },
    written: [
      ['b3', '000000000000001f-000000000000002a-1'],
      ['traceparent', '00-0000000000000000000000000000001f-000000000000002a-01'],
    ],
  },
  {
    corner: 5,
    why: 'undecided is no denial: traceparent has no word, the stash says it',
    given: b3(),
    how: { from: ['b3'], to: ['w3c'] },
    written: [
      ['traceparent', `00-${TRACE}-${SPAN}-00`],
      ['tracestate', `b3=${TRACE}-${SPAN}`],
    ],
  },
  {
    corner: 5,
    why: 'and it comes back undecided',
    given: [
      ['traceparent', `00-${TRACE}-${SPAN}-00`],
      ['tracestate', `b3=${TRACE}-${SPAN}`],
    ],
    how: { from: ['w3c'], to: ['b3', 'xray', 'datadog'] },
    written: [
      ...b3(),
      ['x-amzn-trace-id', `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN}`],
      ['x-datadog-trace-id', String(BigInt(`0x${LOW}`))],
      ['x-datadog-parent-id', String(BigInt(`0x${SPAN}`))],
      ['x-datadog-tags', `_dd.p.tid=${HIGH}`],
    ],
  },
  {
    corner: 5,
    why: 'Jaeger has no word for it: the loss is counted',
    given: b3(),
    how: { from: ['b3'], to: ['jaeger'] },
    written: [['uber-trace-id', `${TRACE}:${SPAN}:0:0`]],
    counted: ['defer'],
  },
  {
    corner: 6,
    why: 'a bare denial is carried, no ids are made up (B3)',
    given: [['b3', '0']],
    how: { from: ['b3-single'], to: ['b3'] },
    written: [['x-b3-sampled', '0']],
  },
  {
    corner: 6,
    why: 'where no word without ids exists the loss is counted',
    given: [['x-b3-sampled', '0']],
    how: { from: ['b3'], to: ['w3c', 'jaeger'] },
    written: NOTHING,
    counted: ['seed-decision'],
  },
  {
    corner: 6,
    why: 'a trace that begins here honours it',
    given: [['b3', '0']],
    how: { from: ['b3-single'], to: ['w3c'], ...ids() },
    written: [['traceparent', `00-${TRACE}-${SPAN}-00`]],
  },
  {
    corner: 7,
    why: 'debug is 3 in Jaeger, 2 in Datadog; in B3 Flags alone, never beside Sampled',
    given: [['b3', `${TRACE}-${SPAN}-d`]],
    how: { from: ['b3-single'], to: ['b3', 'jaeger', 'datadog'] },
    written: [
      ...b3(['x-b3-flags', '1']),
      ['uber-trace-id', `${TRACE}:${SPAN}:0:3`],
      ['x-datadog-trace-id', String(BigInt(`0x${LOW}`))],
      ['x-datadog-parent-id', String(BigInt(`0x${SPAN}`))],
      ['x-datadog-sampling-priority', '2'],
      ['x-datadog-tags', `_dd.p.tid=${HIGH}`],
    ],
  },
  {
    corner: 7,
    why: 'and to W3C it is sampled, with the stash (the zipkin package sends Sampled too)',
    given: b3(['x-b3-sampled', '1'], ['x-b3-flags', '1']),
    how: { from: ['b3'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['tracestate', `b3=${TRACE}-${SPAN}-d`],
    ],
  },
  {
    corner: 8,
    why: 'W3C knows no parent: nothing in B3, 0 in Jaeger',
    given: [['traceparent', TRACEPARENT]],
    how: { from: ['w3c'], to: ['b3', 'jaeger'] },
    written: [...b3(['x-b3-sampled', '1']), ['uber-trace-id', `${TRACE}:${SPAN}:0:1`]],
  },
  {
    corner: 8,
    why: 'a known parent rides in the stash',
    given: [['b3', `${TRACE}-${SPAN}-1-${PARENT}`]],
    how: { from: ['b3-single'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['tracestate', `b3=${TRACE}-${SPAN}-1-${PARENT}`],
    ],
  },
  {
    corner: 9,
    why: 'who does not report passes the span id on as it is (Zipkin joins it)',
    given: [['b3', `${TRACE}-${SPAN}-1-${PARENT}`]],
    how: { from: ['b3-single'], to: ['b3'] },
    written: b3(['x-b3-parentspanid', PARENT], ['x-b3-sampled', '1']),
  },
  {
    corner: 9,
    why: 'who reports sends its own span, below the caller’s',
    given: [['b3', `${TRACE}-${PARENT}-1`]],
    how: { from: ['b3-single'], to: ['b3'], spanId: spanId(SPAN) },
    written: b3(['x-b3-parentspanid', PARENT], ['x-b3-sampled', '1']),
  },
  {
    corner: 10,
    why: 'an unchanged traceparent leaves tracestate as it was',
    given: [
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1,b=2'],
    ],
    how: { from: ['w3c'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1,b=2'],
    ],
  },
  {
    corner: 11,
    why: 'of two traceparents none is taken, nor is their state',
    given: [
      ['traceparent', TRACEPARENT],
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1'],
    ],
    how: ANY,
    written: NOTHING,
    counted: ['repeated', 'orphaned'],
  },
  {
    corner: 11,
    why: 'a malformed one gives way to the next format',
    given: [
      ['traceparent', TRACEPARENT.slice(1)],
      ['b3', `${OTHER}-${SPAN}-1`],
    ],
    how: ANY,
    written: [['traceparent', `00-${OTHER}-${SPAN}-01`]],
    counted: ['malformed'],
  },
  {
    corner: 12,
    why: 'a bad single b3 gives way to a good multi (Brave, OpenTelemetry’s MUST)',
    given: [['b3', 'zz'], ...b3(['x-b3-sampled', '1'])],
    how: { from: ['b3-single', 'b3'], to: ['w3c'] },
    written: [['traceparent', TRACEPARENT]],
    counted: ['malformed'],
  },
  {
    corner: 13,
    why: 'a decision that cannot be read costs the context: no false one is passed on (Brave)',
    given: b3(['x-b3-sampled', 'yes']),
    how: { from: ['b3'], to: ['w3c'] },
    written: NOTHING,
    counted: ['malformed'],
  },
  {
    corner: 14,
    why: 'a parent that is none costs the context (Brave)',
    given: b3(['x-b3-parentspanid', '-'], ['x-b3-sampled', '1']),
    how: { from: ['b3'], to: ['w3c'] },
    written: NOTHING,
    counted: ['malformed'],
  },
  {
    corner: 14,
    why: 'leniently only the parent, and it is counted',
    given: b3(['x-b3-parentspanid', '-'], ['x-b3-sampled', '1']),
    how: { from: ['b3'], to: ['w3c'], lenient: true },
    written: [['traceparent', TRACEPARENT]],
    counted: ['malformed'],
  },
  {
    corner: 15,
    why: 'upper case is refused in traceparent',
    given: [['traceparent', TRACEPARENT.toUpperCase()]],
    how: ANY,
    written: NOTHING,
    counted: ['malformed'],
  },
  {
    corner: 15,
    why: 'and read in B3 and Jaeger, written in lower case',
    given: [['uber-trace-id', `${TRACE}:${SPAN}:0:1`.toUpperCase()]],
    how: { from: ['jaeger'], to: ['jaeger'] },
    written: [['uber-trace-id', `${TRACE}:${SPAN}:0:1`]],
  },
  ...[
    `zz${TRACE.slice(2)}-${SPAN}-1`,
    `${ZEROS}-${SPAN}-1`,
    `${TRACE}00000000-${SPAN}-1`,
    `${TRACE}-${SPAN}-1-junk`,
    `junk-${TRACE}-${SPAN}-1`,
    `1${TRACE.slice(0, 15)}zz-${SPAN}-1`,
  ].map((value) => ({
    corner: 16,
    why: `no hex, zero, too long or junk around it is refused whole: b3: ${value}`,
    given: [['b3', value]] as const,
    how: { from: ['b3-single'], to: ['w3c', 'b3', 'jaeger'] } as const,
    written: NOTHING,
  })),
  {
    corner: 17,
    why: 'unknown flag bits are sent as 0',
    given: [['traceparent', `00-${TRACE}-${SPAN}-ff`]],
    how: ANY,
    written: [['traceparent', `00-${TRACE}-${SPAN}-03`]],
  },
  {
    corner: 18,
    why: 'a future version is read and sent as 00',
    given: [['traceparent', `cc-${TRACE}-${SPAN}-01-what the future holds`]],
    how: ANY,
    written: [['traceparent', TRACEPARENT]],
  },
  {
    corner: 18,
    why: 'ff is no version',
    given: [['traceparent', `ff-${TRACE}-${SPAN}-01`]],
    how: ANY,
    written: NOTHING,
    counted: ['malformed'],
  },
  {
    corner: 19,
    why: 'of repeated B3 fields the first counts, also where a proxy joined them',
    given: [
      ['x-b3-traceid', `${TRACE}, ${OTHER}`],
      ['x-b3-spanid', SPAN],
      ['x-b3-spanid', PARENT],
      ['x-b3-sampled', '1'],
    ],
    how: { from: ['b3'], to: ['w3c'] },
    written: [['traceparent', TRACEPARENT]],
  },
  {
    corner: 20,
    why: 'two formats of one trace: the span of W3C, its state and baggage, debug of B3',
    given: [
      ['b3', `${TRACE}-${PARENT}-d`],
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1'],
      ['baggage', 'k=v'],
    ],
    how: { from: ['w3c', 'b3-single'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['tracestate', `b3=${TRACE}-${SPAN}-d,a=1`],
      ['baggage', 'k=v'],
    ],
  },
  {
    corner: 21,
    why: 'two traces: the first valid format in the configured order, the loser is counted',
    given: [
      ['b3', `${OTHER}-${SPAN}-1`],
      ['traceparent', TRACEPARENT],
    ],
    how: { from: ['b3-single', 'w3c'], to: ['w3c'] },
    written: [['traceparent', `00-${OTHER}-${SPAN}-01`]],
    counted: ['outranked'],
  },
  {
    corner: 22,
    why: 'all known trace headers go, also of formats nobody accepts; unknown ones stay',
    given: [
      ['X-Unknown-Trace', '7'],
      ['uber-trace-id', `${OTHER}:${SPAN}:0:1`],
      ['UberCtx-K', 'stale'],
      ['sw8', 'stale'],
      ['_catRootMessageId', 'stale'],
      ['traceparent', TRACEPARENT],
    ],
    how: { from: ['w3c'], to: ['b3-single', 'w3c'] },
    written: [
      ['X-Unknown-Trace', '7'],
      ['b3', `${TRACE}-${SPAN}-1`],
      ['traceparent', TRACEPARENT],
    ],
  },
  {
    corner: 23,
    why: 'a b3 of more than 68 characters is refused',
    given: [['b3', `${TRACE}-${SPAN}-1-${PARENT}0`]],
    how: { from: ['b3-single'], to: ['w3c'] },
    written: NOTHING,
    counted: ['too-long'],
  },
  {
    corner: 23,
    why: 'an sw8 of 2 KB too',
    given: [['sw8', `1-${'QQ=='.repeat(600)}`]],
    how: { from: ['sw8'], to: ['w3c'] },
    written: NOTHING,
    counted: ['too-long'],
  },
  {
    corner: 23,
    why: 'of baggage whole members go',
    given: [
      ['traceparent', TRACEPARENT],
      ['baggage', `a=${'x'.repeat(8_000)},b=${'y'.repeat(300)},c=1`],
    ],
    how: { from: ['w3c'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['baggage', `a=${'x'.repeat(8_000)},c=1`],
    ],
    counted: ['baggage'],
  },
  {
    corner: 24,
    why: 'a space is %20 and + is itself; no control character reaches the wire',
    given: [
      ['traceparent', TRACEPARENT],
      ['baggage', 'a=1%202+3,b=%0d%0aSet-Cookie:x'],
    ],
    how: { from: ['w3c'], to: ['jaeger'] },
    written: [
      ['uber-trace-id', `${TRACE}:${SPAN}:0:1`],
      ['uberctx-a', '1%202%2B3'],
      ['uberctx-b', '%0D%0ASet-Cookie%3Ax'],
    ],
  },
  {
    corner: 24,
    why: 'properties have no form in Jaeger; of keys that differ in case one is sent',
    given: [
      ['traceparent', TRACEPARENT],
      ['baggage', 'k=1;p,K=2'],
    ],
    how: { from: ['w3c'], to: ['jaeger'] },
    written: [
      ['uber-trace-id', `${TRACE}:${SPAN}:0:1`],
      ['uberctx-k', '1'],
    ],
    counted: ['baggage', 'baggage-properties'],
  },
  {
    corner: 25,
    why: 'one bad member of baggage does not cost the others',
    given: [
      ['traceparent', TRACEPARENT],
      ['baggage', 'a=1,no pair,b=2'],
    ],
    how: { from: ['w3c'], to: ['w3c'] },
    written: [
      ['traceparent', TRACEPARENT],
      ['baggage', 'a=1,b=2'],
    ],
    counted: ['malformed'],
  },
  {
    corner: 26,
    why: 'tracestate means nothing beside B3 alone',
    given: [
      ['tracestate', 'a=1'],
      ['b3', `${TRACE}-${SPAN}-1`],
    ],
    how: ANY,
    written: [['traceparent', TRACEPARENT]],
    counted: ['orphaned'],
  },
  {
    corner: 27,
    why: '32 hex digits of EagleEye stand for themselves; the place in the tree is one span’s',
    given: [
      ['EagleEye-TraceID', TRACE],
      ['EagleEye-RpcID', '0.1'],
      ['EagleEye-SpanID', '7'],
    ],
    how: { from: ['eagleeye'], to: ['eagleeye'], spanId: spanId(SPAN) },
    written: [
      ['eagleeye-traceid', TRACE],
      ['eagleeye-rpcid', '0.1.1'],
      ['eagleeye-spanid', String(BigInt.asIntN(64, BigInt(`0x${SPAN}`)))],
      ['eagleeye-pspanid', '7'],
    ],
  },
  {
    corner: 27,
    why: 'any other text is the first 128 bits of its SHA-256, and rides along',
    given: [
      ['EagleEye-TraceID', 'abc'],
      ['EagleEye-SpanID', '7'],
      ['EagleEye-Sampled', '1'],
    ],
    how: { from: ['eagleeye'], to: ['w3c'] },
    written: [
      ['traceparent', '00-ba7816bf8f01cfea414140de5dae2223-0000000000000007-01'],
      ['tracestate', 'isthmus-0=id:abc;'],
    ],
  },
]

function ids(): Pick<Conversion, 'spanId' | 'traceId'> {
  const { context } = through(b3(), { from: ['b3'], to: [] })
  return context === undefined ? {} : { spanId: context.spanId, traceId: context.traceId }
}

describe('the corners between formats', () => {
  test.each(CASES.map((one) => [one.corner, one.why, one] as const))(
    '%i: %s',
    (_corner, _why, { given, how, written, counted }) => {
      const { headers, rejected, losses } = through(given, how)
      expect(headers).toEqual(written)
      if (counted === undefined) return
      const names = [...rejected.map(({ reason }) => reason), ...losses.map(({ what }) => what)]
      expect(names.toSorted()).toEqual(counted.toSorted())
    },
  )
})

const mesh: TraceSide = {
  name: 'mesh',
  accepts: ['w3c'],
  sends: ['w3c'],
  traceIdBits: 128,
  forwardsBaggage: false,
}
const legacy: TraceSide = { ...mesh, name: 'legacy', accepts: ['b3'], sends: ['b3'] }
const reporting = (side: TraceSide): TraceSide => ({
  ...side,
  reporter: { report: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() },
})

/** Numbers that are easy to tell: each id is the next. */
function counting(): () => bigint {
  let next = 0n
  return () => ++next
}

function cross(
  received: Lines,
  sides: TraceSides,
  participation: Participation,
  memory: TraceMemory = noTraceMemory,
): ReturnType<typeof crossTrace> {
  const deps = { memory, random64: counting() }
  return crossTrace(received, requestFields(received), sides, participation, deps)
}

/** A memory of one thing. */
function oneMemory(): TraceMemory {
  let held: TraceContext | undefined
  return { remember: (_side, told) => (held = told), recall: () => held }
}

describe('the corners of the crossing itself', () => {
  const sampled: Lines = [['traceparent', TRACEPARENT]]
  const toLegacy = { caller: mesh, callee: legacy }

  test('9: a gateway that reports has a server span below the caller’s and a client span below that', () => {
    const sides = { caller: reporting(mesh), callee: reporting(legacy) }
    const { server, client, headers } = cross(sampled, sides, 'span')
    expect(server).toMatchObject({ id: '0000000000000001', parentId: SPAN })
    expect(client).toMatchObject({ id: '0000000000000002', parentId: '0000000000000001' })
    expect(headers).toContainEqual(['x-b3-spanid', '0000000000000002'])
    expect(headers).toContainEqual(['x-b3-parentspanid', '0000000000000001'])
  })

  test.each([
    ['nobody takes its spans', sampled, toLegacy],
    [
      'the trace is not sampled',
      [['traceparent', TRACEPARENT.replace(/1$/, '0')]],
      { caller: reporting(mesh), callee: reporting(legacy) },
    ],
  ] as const)('10: no id is made when %s', (_why, given, sides) => {
    const { server, client, headers } = cross(given, sides, 'span')
    expect([server, client]).toEqual([undefined, undefined])
    expect(headers).toContainEqual(['x-b3-spanid', SPAN])
  })

  test('21: the loser of two traces becomes a link of the first span', () => {
    const both: TraceSide = { ...reporting(mesh), accepts: ['w3c', 'b3-single'] }
    const { server } = cross(
      [...sampled, ['b3', `${OTHER}-${PARENT}-1`]],
      { caller: both, callee: legacy },
      'span',
    )
    expect(server?.links).toEqual([{ traceId: OTHER, spanId: PARENT, reason: 'outranked' }])
  })

  test('28: of an untrusted caller only yes or no remains, and a link', () => {
    const given: Lines = [
      ...sampled,
      ['tracestate', `b3=${TRACE}-${SPAN}-d,a=1`],
      ['baggage', 'role=admin'],
    ]
    const sides = { caller: mesh, callee: reporting({ ...mesh, name: 'legacy' }) }
    const { client, headers } = cross(given, sides, 'restart')
    expect(headers).toEqual([
      ['traceparent', '00-00000000000000020000000000000003-0000000000000001-01'],
    ])
    expect(client?.links).toEqual([{ traceId: TRACE, spanId: SPAN, reason: 'restarted' }])
    expect(cross(given, sides, 'ignore').headers).toEqual([])
  })

  test('29: naming traceparent in Connection does not take the context away', () => {
    const given: Lines = [...sampled, ['Connection', 'traceparent, x-mine'], ['x-mine', '1']]
    expect(cross(given, { caller: mesh, callee: mesh }, 'forward').headers).toEqual(sampled)
  })

  test.each([
    ['in the memory', legacy, oneMemory()],
    [
      'in an item of baggage',
      { ...legacy, accepts: ['jaeger'], sends: ['jaeger'], forwardsBaggage: true } as const,
      noTraceMemory,
    ],
  ] as const)(
    '30 (and 3, 5): what the legacy side could not say comes back %s',
    (_where, side, memory) => {
      const narrow: TraceSide = { ...side, traceIdBits: 64 }
      const given: Lines = [
        ['traceparent', `00-${TRACE}-${SPAN}-00`],
        ['tracestate', `b3=${TRACE}-${SPAN},a=1`],
      ]
      const told = cross(given, { caller: mesh, callee: narrow }, 'forward', memory)
      expect(JSON.stringify(told.headers)).not.toContain(HIGH)
      const back = cross(told.headers, { caller: narrow, callee: mesh }, 'forward', memory)
      expect(back.headers).toEqual(given)
    },
  )
})

test('every corner has its row', () => {
  const rows = new Set(CASES.map(({ corner }) => corner))
  const crossing = [28, 29, 30]
  const all = Array.from({ length: 30 }, (_, index) => index + 1)
  expect(all.filter((corner) => !rows.has(corner))).toEqual(crossing)
})
