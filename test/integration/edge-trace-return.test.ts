import { describe, expect, test } from '@jest/globals'
import type { IncomingHttpHeaders } from 'node:http'
import { RecordingReporter, startEdge, type RigOptions } from '../support/edge.ts'
import { fetch } from '../support/fetch.ts'
import { startService } from '../support/http-service.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const LOW = TRACE.slice(16)
const SPAN = '00f067aa0ba902b7'
const OWN_SPAN = 'aaaaaaaaaaaaaaaa'

type Forward = (got: IncomingHttpHeaders) => Record<string, string>

/** What of the headers a service passes on, by their names. */
const only =
  (pattern: RegExp): Forward =>
  (got) =>
    Object.fromEntries(
      Object.entries(got).flatMap(([name, value]) =>
        pattern.test(name) && typeof value === 'string' ? [[name, value]] : [],
      ),
    )
const onlyB3 = only(/^x-b3-/)

/** A chain mesh -> legacy -> mesh through one gateway; gives back what each service received. */
async function chain(
  sent: Readonly<Record<string, string>>,
  forward: Forward,
  options: RigOptions = {},
): Promise<{ legacy: IncomingHttpHeaders; mesh: IncomingHttpHeaders; metrics: string }> {
  await using rig = await startEdge(options)
  await using last = await startService(() => undefined)
  const back = await rig.expose('stock', [last.port], { direction: 'mesh-to-legacy' })
  await using middle = await startService(async (got) => {
    await fetch(`http://127.0.0.1:${back.port}/`, { headers: forward(got) })
  })
  const there = await rig.expose('orders', [middle.port])
  const answer = await fetch(`http://127.0.0.1:${there.port}/`, { headers: sent })
  expect(answer.status).toBe(200)
  const [legacy] = middle.received
  const [mesh] = last.received
  if (!legacy || !mesh) throw new Error('the chain broke')
  return { legacy, mesh, metrics: await rig.metrics.registry.metrics() }
}

const TRACEPARENT = `00-${TRACE}-${SPAN}-01`
const STATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'

describe('edge: what a legacy service cannot say comes back', () => {
  test('a service that forwards X-B3-* alone keeps tracestate, the wide id and "undecided"', async () => {
    const undecided = {
      traceparent: `00-${TRACE}-${SPAN}-00`,
      tracestate: `b3=${TRACE}-${SPAN},${STATE}`,
    }
    const { legacy, mesh } = await chain(undecided, onlyB3)
    expect(legacy['x-b3-traceid']).toBe(TRACE)
    expect(legacy).not.toHaveProperty('x-b3-sampled') // nobody has decided
    expect(legacy).not.toHaveProperty('tracestate')
    expect(mesh['traceparent']).toBe(undecided.traceparent)
    expect(mesh['tracestate']).toBe(undecided.tracestate)
  })

  test('also where that service knows 64 bits only, and makes a span of its own', async () => {
    const headers = { accepts: ['b3'], sends: ['b3'], traceIdBits: 64 } as const
    const { legacy, mesh } = await chain(
      { traceparent: `00-${TRACE}-${SPAN}-03`, tracestate: STATE, baggage: 'a=1;p=2' },
      ({ 'x-b3-traceid': traceId = '', 'x-b3-spanid': parent = '' }) => ({
        'x-b3-traceid': String(traceId),
        'x-b3-spanid': OWN_SPAN,
        'x-b3-parentspanid': String(parent),
        'x-b3-sampled': '1',
      }),
      { headers: { legacy: headers } },
    )
    expect(legacy['x-b3-traceid']).toBe(LOW)
    expect(mesh['traceparent']).toBe(`00-${TRACE}-${OWN_SPAN}-03`)
    expect(mesh['tracestate']).toBe(`b3=${TRACE}-${OWN_SPAN}-1-${SPAN},${STATE}`)
    expect(mesh['baggage']).toBe('a=1;p=2')
  })

  test('a service that names no parent is known by the trace alone', async () => {
    const { mesh, metrics } = await chain({ traceparent: TRACEPARENT, tracestate: STATE }, () => ({
      b3: `${LOW}-${OWN_SPAN}-1`,
    }))
    expect(mesh['traceparent']).toBe(`00-${TRACE}-${OWN_SPAN}-01`)
    expect(mesh['tracestate']).toBe(STATE)
    expect(metrics).toContain('isthmus_trace_memory_recalls_total{side="legacy",outcome="trace"} 1')
  })

  test('through the gateway’s own spans', async () => {
    const reporters = { legacy: new RecordingReporter(), mesh: new RecordingReporter() }
    const { mesh } = await chain({ traceparent: TRACEPARENT, tracestate: STATE }, onlyB3, {
      reporters,
    })
    const [last] = reporters.mesh.spans.filter(({ kind }) => kind === 'client')
    expect(mesh['traceparent']).toBe(`00-${TRACE}-${String(last?.id)}-01`)
    expect(mesh['tracestate']).toContain(STATE)
  })

  test.each([
    ['jaeger', /^uber/],
    ['ot', /^ot-/],
  ] as const)('in band where %s services pass baggage on', async (format, fields) => {
    const headers = { accepts: [format], sends: [format], traceIdBits: 128 } as const
    const none = { maxEntries: 0, maxBytes: 0, maxAgeMs: 1_000 } // as in another replica
    const { legacy, mesh } = await chain(
      { traceparent: `00-${TRACE}-${SPAN}-03`, tracestate: STATE, baggage: 'a=1;p=2,b=3' },
      only(fields),
      { headers: { legacy: headers }, tracing: { memory: none } },
    )
    expect(Object.keys(legacy).some((name) => /^(uberctx|ot-baggage)-isthmus$/.test(name))).toBe(
      true,
    )
    expect(mesh['traceparent']).toBe(`00-${TRACE}-${SPAN}-03`)
    expect(mesh['tracestate']).toContain(STATE)
    expect(mesh['baggage']).toBe('a=1;p=2,b=3') // and no item of ours
  })

  test('debug comes back through a format without a word for it', async () => {
    const headers = { accepts: ['ot'], sends: ['ot'], traceIdBits: 128 } as const
    const debug = { traceparent: TRACEPARENT, tracestate: `b3=${TRACE}-${SPAN}-d` }
    const { mesh } = await chain(debug, only(/^ot-tracer-/), { headers: { legacy: headers } })
    expect(mesh['tracestate']).toBe(debug.tracestate)
  })

  test('a decision that was made meanwhile stands', async () => {
    const undecided = { traceparent: `00-${TRACE}-${SPAN}-00`, tracestate: `b3=${TRACE}-${SPAN}` }
    const { mesh } = await chain(undecided, (got) => ({ ...onlyB3(got), 'x-b3-sampled': '0' }))
    expect(mesh['traceparent']).toBe(`00-${TRACE}-${SPAN}-00`)
    expect(mesh).not.toHaveProperty('tracestate') // denied, and no longer undecided
  })

  test('another trace is not touched', async () => {
    const { mesh, metrics } = await chain({ traceparent: TRACEPARENT, tracestate: STATE }, () => ({
      b3: `${'1'.repeat(16)}${LOW}-${OWN_SPAN}-1`,
    }))
    expect(mesh['traceparent']).toBe(`00-${'1'.repeat(16)}${LOW}-${OWN_SPAN}-01`)
    expect(mesh).not.toHaveProperty('tracestate')
    expect(metrics).toContain('isthmus_trace_memory_recalls_total{side="legacy",outcome="miss"} 1')
  })

  test('without room it is lost, and that is counted', async () => {
    const options = { tracing: { memory: { maxEntries: 0, maxBytes: 0, maxAgeMs: 1_000 } } }
    const { mesh, metrics } = await chain(
      { traceparent: TRACEPARENT, tracestate: STATE },
      onlyB3,
      options,
    )
    expect(mesh['traceparent']).toBe(TRACEPARENT)
    expect(mesh).not.toHaveProperty('tracestate')
    expect(metrics).toContain('isthmus_trace_memory_evictions_total{reason="count"} 1')
    expect(metrics).toContain('isthmus_edge_trace_lost_total{what="tracestate"} 1')
  })
})
