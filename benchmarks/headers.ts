import { Bench } from 'tinybench'
import { convertHeaders } from '../trace-converter/context/convert.ts'
import { parseContextSpanId, parseContextTraceId } from '../trace-converter/context/ids.ts'
import {
  HEADER_FORMATS,
  type HeaderFormat,
  type HeaderList,
  type TraceContext,
} from '../trace-converter/context/model.ts'
import { writeContext } from '../trace-converter/context/write.ts'

/**
 * Time and memory of one conversion for each pair of header formats, and of a request without any
 * trace header, in one run: `npx tsx --expose-gc benchmarks/headers.ts`. A table (row in, column
 * out, ns), then one line of JSON. Medians; bytes are what the heap grew by, absent without
 * `--expose-gc`.
 */
const CALLS = 20
const HEAP_CALLS = 500
const TIME_MS = 50
const WARM_UP_MS = 50

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
  return {
    ...{ traceId, traceIdWidth: 128, spanId, parent: 'unknown', sampling: 'accept' },
    ...{ firehose: false, tracestate: [], baggage: [], vendor: {}, source: 'w3c' },
  }
}

function received(from: HeaderFormat): HeaderList {
  return writeContext(UNRELATED, sampled(), [from], { traceIdBits: 128 })
}

interface Subject {
  readonly name: string
  readonly convert: () => unknown
}

const PAIRS: readonly Subject[] = HEADER_FORMATS.flatMap((from) => {
  const headers = received(from)
  return HEADER_FORMATS.map((to) => ({
    name: `${from} > ${to}`,
    convert: () => convertHeaders(headers, { from: [from], to: [to], traceIdBits: 128 }),
  }))
})
const NO_TRACE = 'no trace header'
const NONE: Subject = {
  name: NO_TRACE,
  convert: () => convertHeaders(UNRELATED, { from: ['b3-single'], to: ['w3c'], traceIdBits: 128 }),
}

/**
 * Timed by the batch: a clock is read in tens of ns, which one conversion would drown in. Small
 * ones, so that the median is of batches that nobody else's turn on the processor cut through.
 */
async function time(subjects: readonly Subject[]): Promise<ReadonlyMap<string, number>> {
  const bench = new Bench({ time: TIME_MS, warmupTime: WARM_UP_MS })
  for (const { name, convert } of subjects) {
    bench.add(name, () => {
      for (let call = 0; call < CALLS; call++) convert()
    })
  }
  await bench.run()
  return new Map(
    bench.tasks.map(({ name, result }) => {
      if (!('latency' in result)) throw new Error(`${name}: ${result.state}`)
      return [name, Math.round((result.latency.p50 * 1e6) / CALLS)]
    }),
  )
}

/** The median of some rounds. */
function bytesOf({ convert }: Subject): number | undefined {
  const { gc } = globalThis
  if (gc === undefined) return undefined
  const rounds = Array.from({ length: 5 }, () => {
    gc()
    const before = process.memoryUsage().heapUsed
    for (let call = 0; call < HEAP_CALLS; call++) convert()
    return (process.memoryUsage().heapUsed - before) / HEAP_CALLS
  })
  return Math.round(rounds.sort((a, b) => a - b)[2] ?? 0)
}

const subjects = [NONE, ...PAIRS]
// The first pairs would otherwise run code that the compiler has not seen the others in.
await time(subjects)
const ns = await time(subjects)
const table = HEADER_FORMATS.map((from) => [
  from,
  ...HEADER_FORMATS.map((to) => String(ns.get(`${from} > ${to}`))),
])
const width = Math.max(...HEADER_FORMATS.map(({ length }) => length)) + 1
for (const row of [['ns', ...HEADER_FORMATS], ...table]) {
  process.stdout.write(`${row.map((cell) => cell.padStart(width)).join(' ')}\n`)
}
process.stdout.write(`\n${NO_TRACE}: ${ns.get(NO_TRACE)} ns\n`)
const results = subjects.map((subject) => ({
  name: subject.name,
  ns: ns.get(subject.name),
  bytes: bytesOf(subject),
}))
process.stdout.write(`${JSON.stringify({ node: process.version, results })}\n`)
