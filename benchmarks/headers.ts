import { convertHeaders } from '../trace-converter/context/convert.ts'
import { parseContextSpanId, parseContextTraceId } from '../trace-converter/context/ids.ts'
import {
  HEADER_FORMATS,
  type HeaderFormat,
  type HeaderList,
  type TraceContext,
} from '../trace-converter/context/model.ts'
import { writeContext } from '../trace-converter/context/write.ts'
import { bareContext } from '../trace-converter/context/bare.ts'
import { crossings } from './headers/crossing.ts'
import { measure, type Measure, type Subject } from './headers/measure.ts'
import { propagate, PROPAGATORS } from './headers/opentelemetry.ts'

/**
 * Time and memory of one conversion for each pair of header formats, of a request without any trace
 * header, and of OpenTelemetry's propagators for the pairs that they know, in one run: `npm run
 * bench:headers`. Tables (row in, column out), then one line of JSON.
 */
const NO_TRACE = 'no trace header'
const STATEFUL = 'w3c > w3c, tracestate and baggage'

/** What a small request carries besides. */
const UNRELATED: HeaderList = [
  ['Host', 'orders.internal:8080'],
  ['Accept', 'application/json'],
  ['User-Agent', 'bench/1.0'],
  ['Cookie', 'session=0123456789abcdef'],
  ['Content-Type', 'application/json'],
  ['Content-Length', '2'],
]

function sampled(): TraceContext {
  const traceId = parseContextTraceId('80f198ee56343ba864fe8b2a57d3eff7')
  const spanId = parseContextSpanId('e457b5a2e4d86bd1')
  if (traceId === undefined || spanId === undefined) throw new TypeError('not an id')
  return bareContext({ traceId, traceIdWidth: 128 }, spanId, 'unknown', 'accept', 'w3c')
}

function received(from: HeaderFormat): HeaderList {
  return writeContext(UNRELATED, sampled(), [from], { traceIdBits: 128 })
}

function converting(headers: HeaderList, from: HeaderFormat, to: HeaderFormat): () => unknown {
  const conversion = { from: [from], to: [to], traceIdBits: 128 } as const
  return () => convertHeaders(headers, conversion)
}

const nameOf = (from: HeaderFormat, to: HeaderFormat): string => `${from} > ${to}`
const theirs = (from: HeaderFormat, to: HeaderFormat): string => `OpenTelemetry ${nameOf(from, to)}`

const PAIRS: readonly Subject[] = HEADER_FORMATS.flatMap((from) => {
  const headers = received(from)
  return HEADER_FORMATS.map((to) => ({
    name: nameOf(from, to),
    run: converting(headers, from, to),
  }))
})
const THEIRS: readonly Subject[] = [...PROPAGATORS].flatMap(([from, extractor]) => {
  const headers = received(from)
  return [...PROPAGATORS].map(([to, injector]) => ({
    name: theirs(from, to),
    run: propagate(headers, extractor, injector),
  }))
})
const OTHERS: readonly Subject[] = [
  { name: NO_TRACE, run: converting(UNRELATED, 'b3-single', 'w3c') },
  {
    name: STATEFUL,
    run: converting(
      [...received('w3c'), ['tracestate', 'a=1,b=2'], ['baggage', 'user=4711,tier=gold']],
      'w3c',
      'w3c',
    ),
  },
  ...crossings(UNRELATED),
]

function print(title: string, columns: readonly string[], rows: readonly (readonly string[])[]) {
  const table = [[title, ...columns], ...rows]
  const widths = [title, ...columns].map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  const lines = table.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '))
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

const results = measure([...OTHERS, ...PAIRS, ...THEIRS])
const of = (name: string): Measure => results.get(name) ?? { ns: 0, bytes: 0 }

for (const unit of ['ns', 'bytes'] as const) {
  const row = (from: HeaderFormat): string[] =>
    HEADER_FORMATS.map((to) => String(of(nameOf(from, to))[unit]))
  print(
    unit,
    HEADER_FORMATS,
    HEADER_FORMATS.map((from) => [from, ...row(from)]),
  )
}
print(
  'beside OpenTelemetry',
  ['ns', 'its ns', 'share', 'bytes', 'its bytes'],
  [...PROPAGATORS.keys()].flatMap((from) =>
    [...PROPAGATORS.keys()].map((to) => {
      const [ours, its] = [of(nameOf(from, to)), of(theirs(from, to))]
      const numbers = [ours.ns, its.ns, (ours.ns / its.ns).toFixed(2), ours.bytes, its.bytes]
      return [nameOf(from, to), ...numbers.map(String)]
    }),
  ),
)
for (const { name } of OTHERS) {
  process.stdout.write(`${name}: ${of(name).ns} ns, ${of(name).bytes} bytes\n`)
}
process.stdout.write(
  `${JSON.stringify({ node: process.version, results: Object.fromEntries(results) })}\n`,
)
