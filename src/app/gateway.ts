import { openJaegerReporter } from '../../adapters/span-reporters/jaeger/reporter.ts'
import { openOtlpReporter } from '../../adapters/span-reporters/otlp/reporter.ts'
import { openZipkinReporter } from '../../adapters/span-reporters/zipkin/reporter.ts'
import { FileStateStore } from '../../adapters/state-stores/file/state-store.ts'
import { startAdmin } from '../admin/server.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import type { RegistryConfig } from '../config/registries.ts'
import { openEdge, type Edge } from '../edge/edge.ts'
import { spanReporterMetrics } from '../edge/span-reporter-metrics.ts'
import type { SpanReporter, SpanReporterMeters } from '../edge/span-reporter.ts'
import { systemClock } from '../kernel/clock.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { together } from '../kernel/together.ts'
import type { Registry } from '../registry/ports.ts'
import { createBridge, type Bridge } from '../sync/bridge.ts'
import { required, startProcess } from './process.ts'
import { openRegistry } from './registries.ts'

/** Under which name the gateway's own spans are reported. */
const SERVICE_NAME = 'isthmus-gateway'

/** `isthmus gateway`: syncs addresses and carries traffic until `signal` aborts. */
export async function runGateway(configPath: string, signal: AbortSignal): Promise<void> {
  const { config, log, metrics } = startProcess(configPath)
  await using life = new Lifetime()
  const options = required(config, 'gateway')
  const gateway = life.use(await openGateway(options, { log, metrics }, signal))
  life.use(await serveAdmin(gateway, options, { log, metrics }))
  await gateway.run(signal)
  log.info('stopping')
}

export interface Gateway extends AsyncDisposable {
  readonly bridge: Bridge
  readonly edge: Edge
  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

interface GatewayDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Puts one gateway together. What is opened last is closed first: on the way out the registry
 * sessions end before the edge carries its last requests to their end, so that callers have gone
 * elsewhere by then.
 */
export async function openGateway(
  config: GatewayConfig,
  { log, metrics }: GatewayDeps,
  signal: AbortSignal,
): Promise<Gateway> {
  const life = new Lifetime()
  try {
    const reporters = await openReporters(config, { log, metrics }, life)
    const state = new FileStateStore(config.state.path)
    const edge = life.use(await openEdge(config, { state, log, metrics, reporters }, signal))
    life.defer(() => edge.drain(new AbortController().signal))
    const open = (one: RegistryConfig): Registry =>
      life.use(openRegistry(one, { owner: config.id, log, metrics }))
    const bridge = createBridge({
      legacy: config.legacy.registries.map(open),
      mesh: config.mesh.registries.map(open),
      exposure: edge.exposure,
      owner: config.id,
      options: { ...config.sync, names: config.names },
      log,
      metrics,
      clock: systemClock,
    })
    const run = async (stop: AbortSignal): Promise<void> => {
      await together([(end) => bridge.run(end), (end) => announceReady(bridge, log, end)], stop)
    }
    return { bridge, edge, run, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() }
  } catch (error) {
    await life[Symbol.asyncDispose]()
    throw error
  }
}

async function openReporters(
  config: GatewayConfig,
  { log, metrics }: GatewayDeps,
  life: Lifetime,
): Promise<{ readonly legacy?: SpanReporter; readonly mesh?: SpanReporter }> {
  const meters = spanReporterMetrics(metrics)
  const legacy = await openReporter(config.legacy.spans, log, meters('legacy'))
  const mesh = await openReporter(config.mesh.spans, log, meters('mesh'))
  return { ...(legacy && { legacy: life.use(legacy) }), ...(mesh && { mesh: life.use(mesh) }) }
}

async function openReporter(
  collector: GatewayConfig['legacy']['spans'],
  log: Log,
  meters: SpanReporterMeters,
): Promise<SpanReporter | undefined> {
  const options = { serviceName: SERVICE_NAME, log, meters }
  switch (collector?.kind) {
    case undefined:
      return undefined
    case 'zipkin':
      return await openZipkinReporter({ ...options, url: collector.url })
    case 'jaeger':
      return await openJaegerReporter({ ...options, url: collector.url })
    case 'otlp':
      return openOtlpReporter({ ...options, url: collector.url })
  }
}

const READY_LOOK_MS = 50

async function announceReady(bridge: Bridge, log: Log, signal: AbortSignal): Promise<void> {
  while (!bridge.ready()) {
    if (signal.aborted) return
    await systemClock.sleep(READY_LOOK_MS, signal).catch(() => undefined)
  }
  log.info({ mirrors: bridge.status().mirrors }, 'gateway is ready')
}

async function serveAdmin(
  { bridge, edge }: Gateway,
  { admin, query }: GatewayConfig,
  { log, metrics }: GatewayDeps,
): Promise<AsyncDisposable> {
  const served = await startAdmin({
    ...admin,
    metrics,
    readiness: () =>
      bridge.ready()
        ? { ready: true }
        : { ready: false, why: 'not every registry has been read yet' },
    status: () => ({ sync: bridge.status(), edge: edge.status() }),
    ...(query === undefined ? {} : { queryUrl: query }),
  })
  log.info({ url: served.url }, 'admin listens')
  return served
}
