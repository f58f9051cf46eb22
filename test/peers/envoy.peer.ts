import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { IncomingHttpHeaders } from 'node:http'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { RecordingReporter, startEdge } from '../support/edge.ts'
import { fetch } from '../support/fetch.ts'
import { startService, type HttpService } from '../support/http-service.ts'
import { startEnvoy } from './envoy.ts'

/** Envoy's own conversion of traceparent into B3, beside the gateway's, of the same requests. */

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const LOW = TRACE.slice(16)
const SPAN = '00f067aa0ba902b7'
const ZEROS = '0'.repeat(32)

const life = new Lifetime()
let viaEnvoy: (traceparent: string) => Promise<IncomingHttpHeaders>
let viaGateway: typeof viaEnvoy

beforeAll(async () => {
  const collector = life.use(await startService(() => undefined))
  const upstream = life.use(await startService(() => undefined))
  const ports = { upstreamPort: upstream.port, collectorPort: collector.port }
  const envoy = life.use(await startEnvoy(ports))
  const rig = life.use(await startEdge({ reporters: { legacy: new RecordingReporter() } }))
  const { port } = await rig.expose('orders', [upstream.port])
  viaEnvoy = (traceparent) => through(envoy.address, upstream, traceparent)
  viaGateway = (traceparent) => through(`http://127.0.0.1:${port}`, upstream, traceparent)
}, 90_000)
afterAll(() => life[Symbol.asyncDispose]())

async function through(
  url: string,
  upstream: HttpService,
  traceparent: string,
): Promise<IncomingHttpHeaders> {
  await fetch(url, { headers: { traceparent } })
  return upstream.received.at(-1) ?? {}
}

interface B3 {
  readonly traceId: unknown
  readonly sampled: unknown
}

const b3Of = (headers: IncomingHttpHeaders): B3 => ({
  traceId: headers['x-b3-traceid'],
  sampled: headers['x-b3-sampled'],
})

/** The span that was called with is the caller's, or one made right below it. */
function isBelowCaller(headers: IncomingHttpHeaders): boolean {
  return headers['x-b3-spanid'] === SPAN || headers['x-b3-parentspanid'] === SPAN
}

describe('traceparent to B3 as Envoy does it', () => {
  test.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, { traceId: TRACE, sampled: '1' }],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, { traceId: TRACE, sampled: '0' }],
    [
      'an id of 64 bits is written in 16 digits',
      `00-${ZEROS.slice(16)}${LOW}-${SPAN}-01`,
      { traceId: LOW, sampled: '1' },
    ],
    ['the random flag', `00-${TRACE}-${SPAN}-03`, { traceId: TRACE, sampled: '1' }],
    ['only the random flag', `00-${TRACE}-${SPAN}-02`, { traceId: TRACE, sampled: '0' }],
    ['unknown flags', `00-${TRACE}-${SPAN}-ff`, { traceId: TRACE, sampled: '1' }],
    ['a version to come', `cc-${TRACE}-${SPAN}-01`, { traceId: TRACE, sampled: '1' }],
  ])('%s: the same trace, decision and parent', async (_what, traceparent, expected) => {
    const envoy = await viaEnvoy(traceparent)
    const gateway = await viaGateway(traceparent)
    expect(b3Of(envoy)).toEqual(expected)
    expect(b3Of(gateway)).toEqual(expected)
    expect([envoy, gateway].map(isBelowCaller)).toEqual([true, true])
  })

  test.each([
    ['no trace id', `00-${ZEROS}-${SPAN}-01`],
    ['no span id', `00-${TRACE}-${ZEROS.slice(16)}-01`],
    ['a digit too few', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['more behind version 00', `00-${TRACE}-${SPAN}-01-x`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['a version that is none', `zz-${TRACE}-${SPAN}-01`],
    ['an id that is not hex', `00-g${TRACE.slice(1)}-${SPAN}-01`],
  ])('%s: neither goes on with it', async (_what, traceparent) => {
    const envoy = await viaEnvoy(traceparent)
    const gateway = await viaGateway(traceparent)
    expect(isBelowCaller(envoy)).toBe(false)
    // Envoy begins a trace of its own, the gateway leaves that to the service.
    expect(gateway).not.toHaveProperty('x-b3-traceid')
  })

  /** Where Envoy does not follow W3C Trace Context and the gateway does. */
  test.each([
    ['version ff is forbidden (3.2.2.1), Envoy takes it', `ff-${TRACE}-${SPAN}-01`, true],
    [
      'ids are lower case (3.2.2.3), Envoy takes others',
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      true,
    ],
    ['a later version may go on (3.2.4), Envoy refuses it', `cc-${TRACE}-${SPAN}-01-x`, false],
  ])('%s', async (_what, traceparent, isTakenByEnvoy) => {
    expect(isBelowCaller(await viaEnvoy(traceparent))).toBe(isTakenByEnvoy)
    expect(isBelowCaller(await viaGateway(traceparent))).toBe(!isTakenByEnvoy)
  })
})
