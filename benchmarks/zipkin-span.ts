import { Bench } from 'tinybench'
import zipkin from 'zipkin'

/**
 * The figures of docs/decisions/003-zipkin-recorder.md: one client span with two tags and a remote
 * address, made through the package's recorder or as its `model.Span`, and encoded once, in one
 * run: `npx tsx benchmarks/zipkin-span.ts`. JSON on stdout.
 */
const { Annotation, BatchRecorder, InetAddress, TraceId } = zipkin
const SPANS = 10
const ROUNDS = 5
const START_US = 1_700_000_000_000_000
const END_US = START_US + 1_500
const ADDRESS = '10.0.0.7'
const PORT = 8_080
const LOCAL = new zipkin.model.Endpoint({ serviceName: 'isthmus-gateway' })

function ids(): zipkin.TraceId {
  return new TraceId({
    traceId: '80f198ee56343ba864fe8b2a57d3eff7',
    spanId: 'e457b5a2e4d86bd1',
    parentId: new zipkin.option.Some('05e3ac9a4f6e3b90'),
    sampled: new zipkin.option.Some(true),
  })
}

/** The recorder's logger is where a span is encoded, as the package's own transport does. */
let recorded = ''
const recorder = new BatchRecorder({
  logger: {
    logSpan: (span: zipkin.model.Span) => {
      recorded = zipkin.jsonEncoder.JSON_V2.encode(span)
    },
  },
})

function throughRecorder(): string {
  const traceId = ids()
  const record = (timestamp: number, annotation: zipkin.IAnnotation): void => {
    recorder.record({ traceId, timestamp, annotation })
  }
  const host = new InetAddress(ADDRESS)
  record(START_US, new Annotation.ServiceName('isthmus-gateway'))
  record(START_US, new Annotation.Rpc('get'))
  record(START_US, new Annotation.ClientSend())
  record(START_US, new Annotation.ServerAddr({ serviceName: 'orders', host, port: PORT }))
  record(START_US, new Annotation.BinaryAnnotation('http.method', 'GET'))
  record(START_US, new Annotation.BinaryAnnotation('http.path', '/a'))
  record(END_US, new Annotation.ClientRecv())
  return recorded
}

function asModel(): string {
  const span = new zipkin.model.Span(ids())
  span.setName('get')
  span.setKind('CLIENT')
  span.setTimestamp(START_US)
  span.setDuration(END_US - START_US)
  span.setLocalEndpoint(LOCAL)
  span.setRemoteEndpoint(
    new zipkin.model.Endpoint({ serviceName: 'orders', ipv4: ADDRESS, port: PORT }),
  )
  span.putTag('http.method', 'GET')
  span.putTag('http.path', '/a')
  return zipkin.jsonEncoder.JSON_V2.encode(span)
}

const SUBJECTS = { recorder: throughRecorder, 'model.Span': asModel }
const samples: Record<string, number[]> = {}
for (let round = 0; round < ROUNDS; round++) {
  const bench = new Bench({ time: 500, warmupTime: 200 })
  for (const [name, make] of Object.entries(SUBJECTS)) {
    bench.add(name, () => {
      for (let span = 0; span < SPANS; span++) make()
    })
  }
  await bench.run()
  for (const { name, result } of bench.tasks) {
    if (!('latency' in result)) throw new Error(`${name}: ${result.state}`)
    ;(samples[name] ??= []).push(Math.round((result.latency.p50 * 1e5) / SPANS) / 100)
  }
}
const sameJson = throughRecorder() === asModel()
process.stdout.write(`${JSON.stringify({ node: process.version, usPerSpan: samples, sameJson })}\n`)
