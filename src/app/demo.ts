import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { servePage } from '../admin/page.ts'
import { systemClock } from '../kernel/clock.ts'
import { IsthmusError } from '../kernel/errors.ts'
import { closeServer, listen } from '../kernel/http-server.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { silentLog } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'
import { createQueryServer } from '../trace-query/server.ts'
import { followStores } from '../../trace-converter/main.ts'
import { parseTraceId } from '../../trace-converter/span/ids.ts'
import type { Trace } from '../../trace-converter/span/model.ts'
import { DEFAULT_STITCH_OPTIONS } from '../../trace-converter/stitch/options.ts'
import { renderTree } from '../../trace-converter/stitch/render.ts'
import { treeOf } from '../../trace-converter/stitch/tree.ts'
import { describeBridged, describeCrossings } from './demo/report.ts'
import { CHAIN, startSample, type Sample } from './demo/samples.ts'
import { lookUp, makeSides, openDemoGateway, type DemoSide } from './demo/sides.ts'
import { packageFolder } from './package-folder.ts'
import type { Hop } from './sample/service.ts'

export interface DemoOptions {
  /** Show one chain and end, instead of serving the page until `signal` aborts. */
  readonly once: boolean
  /** Port of the query page; 0 takes a free one. */
  readonly port: number
}

const WAIT_MS = 30_000
const LOOK_MS = 50
const CLOSE_MS = 1_000
const GATEWAY_SERVICE = 'isthmus-gateway'

/**
 * `isthmus demo`: everything on embedded parts. Folders stand in for both registries, memory for
 * the span stores; the gateway, the converter, the query backend and the four services, in
 * processes of their own, are the real ones.
 */
export async function runDemo(options: DemoOptions, stop: AbortSignal): Promise<void> {
  const broken = new AbortController()
  try {
    await demonstrate(options, AbortSignal.any([stop, broken.signal]), (e) => broken.abort(e))
  } catch (error) {
    if (!broken.signal.aborted) throw error
  }
  broken.signal.throwIfAborted() // with what failed, not with what that ended
}

/** Until `signal` aborts; `failed` is told of a part that fails by itself, and aborts it. */
async function demonstrate(
  options: DemoOptions,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  await using life = new Lifetime()
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-demo-'))
  life.defer(() => rm(folder, { recursive: true, force: true }))
  say('starting a gateway, a converter, a query backend and four sample services …')
  const stores = openStores()
  const url = await serveQuery(stores, options.port, life)
  life.run((stop) => convert(stores, stop), failed)
  const sides = await makeSides(folder, url)
  const gateway = life.use(await openDemoGateway(folder, sides, signal))
  life.run((stop) => gateway.run(stop), failed)
  const samples = await startSamples(sides, life, signal)
  const bridged = await waitFor('the services are bridged', () => lookUp(sides), signal)
  say(`\n== bridged\n${describeBridged(bridged)}`)
  const hops = await callChain(samples, signal)
  say(`\n== trace headers at each crossing\n${describeCrossings(hops)}`)
  const trace = await waitFor('the chain is stitched', () => findChain(stores, hops), signal)
  say(`\n== one chain\n${renderTree(treeOf(trace, DEFAULT_STITCH_OPTIONS))}`)
  if (options.once) return
  say(`the page: ${url}`)
  say(`the services: ${samples.map((sample) => `${sample.name} ${sample.url}`).join(', ')}`)
  say('Ctrl-C ends it')
  if (!signal.aborted) await once(signal, 'abort')
}

type Stores = Readonly<Record<'zipkin' | 'jaeger' | 'chains', MemorySpanStore>>

function openStores(): Stores {
  const open = (name: string): MemorySpanStore =>
    new MemorySpanStore({ name, maxSpans: 100_000 }, systemClock)
  return { zipkin: open('zipkin'), jaeger: open('jaeger'), chains: open('chains') }
}

async function serveQuery(stores: Stores, port: number, life: Lifetime): Promise<string> {
  const app = createQueryServer({
    reader: stores.chains,
    intake: {
      zipkin: { name: stores.zipkin.name, writer: stores.zipkin },
      jaeger: { name: stores.jaeger.name, writer: stores.jaeger },
      maxBodyBytes: 8_388_608,
      log: silentLog,
      metrics: new Metrics(),
    },
  })
  life.defer(() => closeServer(app, CLOSE_MS))
  servePage(app, packageFolder())
  return await listen(app, { host: '127.0.0.1', port }, 'the query page', '--port')
}

function convert({ zipkin, jaeger, chains }: Stores, signal: AbortSignal): Promise<void> {
  const options = {
    from: [zipkin, jaeger],
    to: chains,
    timing: { quietPeriodMs: 500, latenessMs: 3_600_000, pollMs: 200 },
    gatewayServices: [GATEWAY_SERVICE],
    log: silentLog,
    metrics: new Metrics(),
  }
  return followStores(options, signal)
}

async function startSamples(
  sides: readonly DemoSide[],
  life: Lifetime,
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const started = await Promise.allSettled(
    CHAIN.map(async (service) => {
      const side = sides.find(({ name }) => name === service.side)
      if (!side) throw new TypeError(`no side ${service.side}`)
      const { folder, collector } = side
      return life.use(await startSample(service, { registry: `file:${folder}`, collector }, signal))
    }),
  )
  // All have settled: none starts after `life` has ended, with nobody to stop it.
  return started.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

async function callChain(samples: readonly Sample[], signal: AbortSignal): Promise<readonly Hop[]> {
  const first = samples.find(({ name }) => name === CHAIN[0].name)
  const response = await fetch(first?.url ?? '', { signal })
  const body = await response.text()
  if (!response.ok) throw new IsthmusError('UPSTREAM_RESET', `the chain failed: ${body}`)
  return (JSON.parse(body) as { hops: readonly Hop[] }).hops
}

/** The stitched trace once every service is in it, and both spans of the gateway at each crossing. */
async function findChain(stores: Stores, hops: readonly Hop[]): Promise<Trace | undefined> {
  const id = parseTraceId(hops[0]?.sent?.['X-B3-TraceId'] ?? '')
  const trace = id && (await stores.chains.findTrace(id, new AbortController().signal))
  if (!trace) return undefined
  const services = trace.spans.map(({ local }) => local.service)
  const crossings = services.filter((name) => name === GATEWAY_SERVICE).length
  const whole = hops.every(({ service }) => services.includes(service))
  return whole && crossings === 2 * (hops.length - 1) ? trace : undefined
}

async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > deadline) {
      throw new IsthmusError(
        'STORE_UNAVAILABLE',
        `not within ${String(WAIT_MS / 1_000)} s: ${what}`,
      )
    }
    await delay(LOOK_MS, undefined, { signal })
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
