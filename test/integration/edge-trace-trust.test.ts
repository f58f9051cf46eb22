import { describe, expect, test } from '@jest/globals'
import { RecordingReporter, startEdge, type RigOptions } from '../support/edge.ts'
import { answering, rawCall } from '../support/raw-http.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`

/** The head that the endpoint received, as bytes, for a request of the mesh with these fields. */
async function received(
  lines: readonly string[],
  options: RigOptions = {},
): Promise<{ readonly head: string; readonly answer: string; readonly metrics: string }> {
  await using rig = await startEdge(options)
  await using upstream = await answering(OK)
  const { port } = await rig.expose('shop', [upstream.port])
  const request = ['GET / HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', '']
  const answer = await rawCall(port, request.join('\r\n'))
  const metrics = await rig.metrics.registry.metrics()
  return { head: upstream.received[0] ?? '', answer, metrics }
}

/** Values of the head's fields by their lower-case names. */
function fieldsOf(head: string): ReadonlyMap<string, string> {
  const lines = head.split('\r\n').slice(1)
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
  )
}

const untrusted = (what: 'restart' | 'ignore'): NonNullable<RigOptions['tracing']> => ({
  fromMesh: { mode: 'span', trusted: ['10.0.0.0/8'], untrusted: what },
})

describe('edge: trace headers of whom nobody vouches for', () => {
  test('an untrusted caller gets a new trace that names its own', async () => {
    const reporters = { mesh: new RecordingReporter(), legacy: new RecordingReporter() }
    const { head } = await received([`traceparent: ${TRACEPARENT}`], {
      reporters,
      tracing: untrusted('restart'),
    })
    const [server] = reporters.mesh.spans
    const [client] = reporters.legacy.spans
    expect(server?.links).toEqual([{ traceId: TRACE, spanId: SPAN, reason: 'restarted' }])
    expect(fieldsOf(head).get('x-b3-traceid')).toBe(server?.traceId)
    expect(fieldsOf(head).get('x-b3-spanid')).toBe(client?.id)
    expect(head).not.toContain(TRACE)
  })

  test('or nothing at all', async () => {
    const tracing = untrusted('ignore')
    const { head } = await received([`traceparent: ${TRACEPARENT}`, 'b3: 1'], { tracing })
    expect(head).not.toMatch(/b3|traceparent/i)
  })

  test('a caller of a trusted network is believed', async () => {
    const tracing: RigOptions['tracing'] = {
      fromMesh: { mode: 'span', trusted: ['127.0.0.0/8'], untrusted: 'ignore' },
    }
    const { head } = await received([`traceparent: ${TRACEPARENT}`], { tracing })
    expect(fieldsOf(head).get('x-b3-traceid')).toBe(TRACE)
  })

  test('forwarding mints nothing although both sides have a collector', async () => {
    const reporters = { mesh: new RecordingReporter(), legacy: new RecordingReporter() }
    const tracing: RigOptions['tracing'] = { fromMesh: { mode: 'forward', untrusted: 'restart' } }
    const { head } = await received([`traceparent: ${TRACEPARENT}`], { reporters, tracing })
    expect(fieldsOf(head).get('x-b3-spanid')).toBe(SPAN)
    expect([...reporters.mesh.spans, ...reporters.legacy.spans]).toEqual([])
  })

  test('the context that lost is a link of the gateway’s span, and counted', async () => {
    const mesh = new RecordingReporter()
    const other = '1'.repeat(32)
    const headers = { accepts: ['w3c', 'jaeger'], sends: ['w3c'], traceIdBits: 128 } as const
    const { metrics } = await received(
      [`traceparent: ${TRACEPARENT}`, `uber-trace-id: ${other}:${SPAN}:0:1`],
      { reporters: { mesh }, headers: { mesh: headers } },
    )
    expect(mesh.spans[0]?.links).toEqual([{ traceId: other, spanId: SPAN, reason: 'outranked' }])
    expect(metrics).toContain(
      'isthmus_edge_trace_rejected_total{format="jaeger",reason="outranked"} 1',
    )
  })
})

describe('edge: what bad trace headers cannot do', () => {
  const jaeger = { accepts: ['jaeger'], sends: ['jaeger'], traceIdBits: 128 } as const
  const both = { headers: { mesh: jaeger, legacy: jaeger } }
  const ids = `uber-trace-id: ${TRACE}:${SPAN}:0:1`

  test.each([
    ['an encoded line end', 'uberctx-a: x%0d%0aEvil: 1'],
    ['an encoded line end in what is kept of ids', `jaeger-debug-id: x%0d%0aEvil:1`],
    ['control characters', 'uberctx-a: %00%07%7f'],
    ['bytes that are no UTF-8', 'uberctx-a: \xff\xfe%ff'],
  ])('%s does not reach the wire', async (_what, line) => {
    const { head, answer } = await received([ids, line], both)
    expect(answer).toContain('200 OK')
    expect(head).not.toMatch(/^evil:/im)
    expect(head).toMatch(/^(?:[\x20-\x7e]|\r\n)*$/)
    expect(fieldsOf(head).get('uber-trace-id')).toBe(`${TRACE}:${SPAN}:0:1`)
  })

  test('baggage without measure is cut to whole members, and that is counted', async () => {
    const lines = Array.from({ length: 100 }, (_, index) => `uberctx-k${index}: ${'v'.repeat(40)}`)
    const { head, metrics } = await received([ids, ...lines], both)
    const sent = [...fieldsOf(head)].filter(([name]) => name.startsWith('uberctx-k'))
    expect(sent).toHaveLength(64)
    expect(sent.every(([, value]) => value === 'v'.repeat(40))).toBe(true)
    expect(metrics).toContain('isthmus_edge_trace_lost_total{what="baggage"} 1')
  })

  test('tracestate without measure costs the state, not the trace', async () => {
    const state = Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(',')
    const { head, metrics } = await received([
      `traceparent: ${TRACEPARENT}`,
      `tracestate: ${state}`,
    ])
    expect(fieldsOf(head).get('x-b3-traceid')).toBe(TRACE)
    expect(metrics).toContain('format="w3c",reason="over-limit"} 1')
  })

  test.each(['traceparent', 'tracestate, baggage', 'x-b3-traceid'])(
    'naming %s in Connection takes nothing of the context away',
    async (named) => {
      const { head } = await received([
        `traceparent: ${TRACEPARENT}`,
        'tracestate: a=1',
        `Connection: ${named}`,
      ])
      expect(fieldsOf(head).get('x-b3-traceid')).toBe(TRACE)
    },
  )
})
