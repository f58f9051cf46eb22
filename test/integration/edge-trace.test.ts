import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:net'
import { openZipkinReporter } from '../../adapters/span-reporters/zipkin/reporter.ts'
import type { SpanReporter } from '../../src/edge/span-reporter.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { DirectionName } from '../../src/registry/exposure.ts'
import { RecordingReporter, SAMPLED, startEdge, UNSAMPLED } from '../support/edge.ts'
import { answering, closedPort, disposal, listen, rawCall, until } from '../support/raw-http.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

interface Crossed {
  /** Field lines that the endpoint received, names in lower case. */
  readonly sent: Map<string, string>
  readonly got: string
  readonly endpointPort: number
}

async function crossing(
  lines: readonly string[],
  reporters: { legacy?: SpanReporter; mesh?: SpanReporter } = {},
  direction: DirectionName = 'legacy-to-mesh',
  answer: string | undefined = OK,
): Promise<Crossed> {
  await using rig = await startEdge({ reporters })
  await using upstream = await answering(answer)
  const endpointPort = answer === '' ? await closedPort() : upstream.port
  const { port } = await rig.expose('shop', [endpointPort], { direction })
  const head = ['GET /a?secret=1 HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', '']
  const got = await rawCall(port, head.join('\r\n'))
  const sent = (upstream.received[0] ?? '').split('\r\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]]
  })
  return { sent: new Map(sent), got, endpointPort }
}

describe('edge: one trace context out', () => {
  test('without reporters the ids go on as they came: no span, no id', async () => {
    const { sent } = await crossing([`traceparent: ${SAMPLED}`])
    expect(sent.get('x-b3-traceid')).toBe(TRACE)
    expect(sent.get('x-b3-spanid')).toBe(SPAN)
    expect(sent.get('x-b3-sampled')).toBe('1')
    expect(sent.has('traceparent')).toBe(false)
  })

  test('the other direction reads B3 and writes W3C', async () => {
    const { sent } = await crossing([`b3: ${TRACE}-${SPAN}-1`], {}, 'mesh-to-legacy')
    expect(sent.get('traceparent')).toBe(SAMPLED)
    expect(sent.has('b3')).toBe(false)
  })

  test('with both reporters there is a span for each side, and every parent is found', async () => {
    const mesh = new RecordingReporter()
    const legacy = new RecordingReporter()
    const { sent, endpointPort } = await crossing([`traceparent: ${SAMPLED}`], { mesh, legacy })
    const [server, ...noMoreServers] = mesh.spans // legacy-to-mesh: the mesh calls
    const [client, ...noMoreClients] = legacy.spans
    expect([noMoreServers, noMoreClients]).toEqual([[], []])
    expect(server).toMatchObject({ kind: 'server', traceId: TRACE, parentId: SPAN })
    expect(client).toMatchObject({ kind: 'client', traceId: TRACE, parentId: server?.id })
    expect(sent.get('x-b3-spanid')).toBe(client?.id)
    expect(sent.get('x-b3-parentspanid')).toBe(server?.id)
    expect(new Set([SPAN, server?.id, client?.id]).size).toBe(3)
    expect(client).toMatchObject({
      name: 'GET',
      sampling: 'accept',
      remote: { service: 'shop', host: '127.0.0.1', port: endpointPort },
      tags: {
        'http.method': 'GET',
        'http.path': '/a',
        'http.status_code': '200',
        'isthmus.crossing': 'mesh-to-legacy',
        'isthmus.service': 'http:shop',
      },
    })
    expect(server?.remote.host).toBe('127.0.0.1')
    expect(server?.durationUs).toBeGreaterThan(0)
    expect(Math.abs((server?.startUs ?? 0) - Date.now() * 1_000)).toBeLessThan(60_000_000)
  })

  test.each([
    ['mesh', 'server'],
    ['legacy', 'client'],
  ] as const)('with a reporter of %s alone there is one id, of the %s span', async (side, kind) => {
    const reporter = new RecordingReporter()
    const { sent } = await crossing([`traceparent: ${SAMPLED}`], { [side]: reporter })
    const [span, ...more] = reporter.spans
    expect(more).toEqual([])
    expect(span).toMatchObject({ kind, parentId: SPAN })
    expect(sent.get('x-b3-spanid')).toBe(span?.id)
    expect(sent.get('x-b3-parentspanid')).toBe(SPAN)
  })

  test.each([
    [
      'deny stays deny',
      `traceparent: ${UNSAMPLED}`,
      'legacy-to-mesh',
      { 'x-b3-sampled': '0', 'x-b3-spanid': SPAN },
    ],
    ['defer stays defer', `b3: ${TRACE}-${SPAN}`, 'mesh-to-legacy', { traceparent: UNSAMPLED }],
    ['no context, none made up', 'X: 1', 'legacy-to-mesh', {}],
    ['a bad one is none', `traceparent: ${SAMPLED.toUpperCase()}`, 'legacy-to-mesh', {}],
  ] as const)('%s: nothing is minted nor reported', async (_what, line, direction, expected) => {
    const mesh = new RecordingReporter()
    const legacy = new RecordingReporter()
    const { sent, got } = await crossing([line], { mesh, legacy }, direction)
    expect(got).toContain('200 OK')
    expect([...mesh.spans, ...legacy.spans]).toEqual([])
    const trace = [...sent].filter(([name]) => /^(x-b3|traceparent|b3$)/.test(name))
    expect(Object.fromEntries(trace)).toMatchObject(expected)
    if (Object.keys(expected).length === 0) expect(trace).toEqual([])
  })

  test('debug stays debug on its way', async () => {
    const mesh = new RecordingReporter()
    const { sent } = await crossing([`b3: ${TRACE}-${SPAN}-d`], { mesh }, 'mesh-to-legacy')
    expect(mesh.spans[0]).toMatchObject({ kind: 'client', sampling: 'debug' })
    expect(sent.get('traceparent')).toMatch(/-01$/)
    expect(sent.get('tracestate')).toContain('-d')
  })

  test('a decision without ids begins the trace that it asks for', async () => {
    const legacy = new RecordingReporter()
    const mesh = new RecordingReporter()
    const { sent } = await crossing(['b3: 1'], { legacy, mesh }, 'mesh-to-legacy')
    const [server] = legacy.spans
    expect(server?.parentId).toBeUndefined()
    expect(mesh.spans[0]).toMatchObject({ traceId: server?.traceId, parentId: server?.id })
    expect(sent.get('traceparent')).toBe(
      `00-${String(server?.traceId)}-${String(mesh.spans[0]?.id)}-01`,
    )
  })

  test('stale trace headers of any format do not pass', async () => {
    const { sent } = await crossing([
      `traceparent: ${SAMPLED}`,
      'uber-trace-id: 1:2:0:1',
      `b3: ${'1'.repeat(32)}-${'2'.repeat(16)}-0`,
      `X-B3-ParentSpanId: ${'3'.repeat(16)}`,
    ])
    expect(sent.has('uber-trace-id')).toBe(false)
    expect(sent.has('b3')).toBe(false)
    expect(sent.has('x-b3-parentspanid')).toBe(false)
    expect(sent.get('x-b3-traceid')).toBe(TRACE)
  })

  test('naming trace headers in Connection does not take them away', async () => {
    const { sent } = await crossing([
      `traceparent: ${SAMPLED}`,
      'Connection: traceparent, x-b3-traceid',
    ])
    expect(sent.get('x-b3-traceid')).toBe(TRACE)
  })

  test('a collector that never answers slows no request', async () => {
    const dropped: number[] = []
    const mute = createServer() // accepts, and says nothing
    await using collector = disposal(mute)
    const url = `http://127.0.0.1:${await listen(mute)}/api/v2/spans`
    const meters = { sent: () => undefined, dropped: (spans: number) => void dropped.push(spans) }
    // A crossing that waited for the collector would outlast the test.
    const limits = { maxQueued: 10, maxDelayMs: 10, sendTimeoutMs: 600_000, closeTimeoutMs: 100 }
    await using mesh = await openZipkinReporter({
      url,
      serviceName: 'isthmus-gateway',
      log: silentLog,
      meters,
      limits,
    })
    await using rig = await startEdge({ reporters: { mesh } })
    await using upstream = await answering(OK)
    const { port } = await rig.expose('shop', [upstream.port])
    const request = `GET / HTTP/1.1\r\nHost: x\r\ntraceparent: ${SAMPLED}\r\nConnection: close\r\n\r\n`
    for (let round = 0; round < 50; round += 1) {
      expect(await rawCall(port, request)).toContain('200 OK')
    }
    await until(() => dropped.length > 0) // bounded: what does not fit is dropped and counted
    expect(collector).toBeDefined()
  })

  test('a failed crossing is in its spans', async () => {
    const mesh = new RecordingReporter()
    const legacy = new RecordingReporter()
    await crossing([`traceparent: ${SAMPLED}`], { mesh, legacy }, 'legacy-to-mesh', '')
    for (const span of [mesh.spans[0], legacy.spans[0]]) {
      expect(span?.tags).toMatchObject({ error: 'UPSTREAM_REFUSED', 'http.status_code': '502' })
    }
  })

  test('a 500 of the endpoint is an error too, a 404 is none', async () => {
    for (const [status, error] of [
      [500, '500'],
      [404, undefined],
    ] as const) {
      const mesh = new RecordingReporter()
      const answer = `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`
      await crossing([`traceparent: ${SAMPLED}`], { mesh }, 'legacy-to-mesh', answer)
      expect(mesh.spans[0]?.tags['error']).toBe(error)
    }
  })
})
