import { describe, expect, test } from '@jest/globals'
import { participationOf, type Participation } from '../../../src/edge/participation.ts'
import { noTraceMemory } from '../../../src/edge/trace-memory.ts'
import type { TraceSide, TraceSides } from '../../../src/edge/trace-side.ts'
import { crossTrace, type TraceCrossing } from '../../../src/edge/trace.ts'
import { RecordingReporter } from '../../support/edge.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const OTHER = '11111111111111111111111111111111'
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`

const reporter = new RecordingReporter()
const mesh: TraceSide = {
  name: 'mesh',
  accepts: ['w3c', 'b3'],
  sends: ['w3c'],
  traceIdBits: 128,
  forwardsBaggage: false,
}
const legacy: TraceSide = { ...mesh, name: 'legacy', accepts: ['b3'], sends: ['b3'] }

function cross(
  lines: readonly (readonly [string, string])[],
  participation: Participation,
  sides: Partial<TraceSides> = {},
): TraceCrossing {
  let drawn = 0n
  const deps = { random64: () => (drawn += 1n), memory: noTraceMemory }
  return crossTrace(lines, lines, { caller: mesh, callee: legacy, ...sides }, participation, deps)
}

const reported: TraceSides = {
  caller: { ...mesh, reporter },
  callee: { ...legacy, reporter },
}
const sent = ({ headers }: TraceCrossing): Record<string, string> => Object.fromEntries(headers)

describe('participation: span', () => {
  test('the context that lost is a link of the span that is reported', () => {
    const lines = [
      ['traceparent', TRACEPARENT],
      ['x-b3-traceid', OTHER],
      ['x-b3-spanid', SPAN],
    ] as const
    const crossing = cross(lines, 'span', reported)
    expect(crossing.server?.links).toEqual([{ traceId: OTHER, spanId: SPAN, reason: 'outranked' }])
    expect(crossing.client?.links).toBeUndefined()
    expect(crossing.rejected).toMatchObject([{ format: 'b3', reason: 'outranked' }])
  })

  test('with one reporter the link is on its span', () => {
    const lines = [
      ['traceparent', TRACEPARENT],
      ['x-b3-traceid', OTHER],
      ['x-b3-spanid', SPAN],
    ] as const
    const crossing = cross(lines, 'span', { callee: reported.callee })
    expect(crossing.client?.links).toHaveLength(1)
  })
})

describe('participation: forward', () => {
  test('ids go on as they came although both sides have a collector', () => {
    const crossing = cross([['traceparent', TRACEPARENT]], 'forward', reported)
    expect(crossing).not.toHaveProperty('server')
    expect(crossing).not.toHaveProperty('client')
    expect(sent(crossing)).toEqual({
      'x-b3-traceid': TRACE,
      'x-b3-spanid': SPAN,
      'x-b3-sampled': '1',
    })
  })
})

describe('participation: restart', () => {
  const foreign = [
    ['traceparent', TRACEPARENT],
    ['tracestate', `b3=${TRACE}-${SPAN}-d,a=b`],
    ['baggage', 'a=1'],
  ] as const

  test('a new trace, whose first span names the caller’s', () => {
    const crossing = cross(foreign, 'restart', { ...reported, callee: { ...mesh, reporter } })
    const { server, client } = crossing
    expect(server?.traceId).not.toBe(TRACE)
    expect(server).not.toHaveProperty('parentId')
    expect(server?.links).toEqual([{ traceId: TRACE, spanId: SPAN, reason: 'restarted' }])
    expect(client).toMatchObject({ traceId: server?.traceId, parentId: server?.id })
    expect(sent(crossing)).toEqual({
      traceparent: `00-${String(client?.traceId)}-${String(client?.id)}-01`,
      // The parent, and neither debug, state nor baggage of the caller.
      tracestate: `b3=${String(client?.traceId)}-${String(client?.id)}-1-${String(server?.id)}`,
    })
  })

  test('where nobody takes spans no id is made: only the decision goes on', () => {
    expect(sent(cross(foreign, 'restart'))).toEqual({ 'x-b3-sampled': '1' })
    expect(sent(cross(foreign, 'restart', { callee: mesh }))).toEqual({})
  })

  test('no stays no', () => {
    const crossing = cross([['traceparent', `00-${TRACE}-${SPAN}-00`]], 'restart', reported)
    expect(sent(crossing)).toEqual({ 'x-b3-sampled': '0' })
    expect(crossing).not.toHaveProperty('server')
  })

  test('nothing begins of nothing', () => {
    expect(sent(cross([['accept', '*/*']], 'restart', reported))).toEqual({ accept: '*/*' })
  })
})

describe('participation: ignore', () => {
  test('as if the caller had sent no trace header', () => {
    const lines = [
      ['Accept', '*/*'],
      ['traceparent', TRACEPARENT],
      ['uberctx-a', '1'],
    ] as const
    expect(sent(cross(lines, 'ignore', reported))).toEqual({ Accept: '*/*' })
  })
})

describe('who is trusted', () => {
  const trusted = ['10.0.0.0/8', 'fd00::/8']
  const choose = participationOf({ mode: 'span', trusted, untrusted: 'restart' })

  test.each([
    ['within a network', '10.1.2.3', 'span'],
    ['IPv4 seen by a dual-stack listener', '::ffff:10.1.2.3', 'span'],
    ['IPv6 within', 'fd00::1', 'span'],
    ['IPv6 with a zone', 'fd00::1%eth0', 'span'],
    ['outside', '11.0.0.1', 'restart'],
    ['IPv6 outside', 'fe80::1', 'restart'],
    ['IPv4 in IPv6, outside', '::ffff:11.0.0.1', 'restart'],
    ['an unknown address', undefined, 'restart'],
    ['no address at all', 'localhost', 'restart'],
  ])('%s', (_what, host, expected) => {
    expect(choose(host)).toBe(expected)
  })

  test('without a list everybody is, with an empty one nobody', () => {
    const open = participationOf({ mode: 'forward', untrusted: 'ignore' })
    expect(open(undefined)).toBe('forward')
    const shut = participationOf({ mode: 'forward', trusted: [], untrusted: 'ignore' })
    expect(shut('127.0.0.1')).toBe('ignore')
  })
})
