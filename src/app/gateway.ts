import type { ApiOptions } from '../admin/api.ts'
import { startAdmin } from '../admin/server.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import type { RegistryConfig } from '../config/registries.ts'
import type { Config } from '../config/schema.ts'
import { openEdge, type Edge } from '../edge/edge.ts'
import { systemClock } from '../kernel/clock.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { Lull } from '../kernel/lull.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import { together, type Task } from '../kernel/together.ts'
import type { Registry } from '../registry/ports.ts'
import { createBridge, type Bridge } from '../sync/bridge.ts'
import { FullReads } from '../sync/full-reads.ts'
import { Drain } from './drain.ts'
import { GatewayOperator } from './gateway-operator.ts'
import { hideAll } from './hide.ts'
import { required, startProcess } from './process.ts'
import { identitiesOf, openRegistry, syncOptions } from './registries.ts'
import { Reload } from './reload.ts'
import { openReporters } from './reporters.ts'
import { onceReadable, openStateStore } from './state-stores.ts'

/** How long taking back may last when the process is told to end; then it ends all the same. */
const TAKE_BACK_MS = 15_000

/**
 * `isthmus gateway`: syncs addresses and carries traffic until `signal` aborts, and what
 * `gateway.onStop` says is done. Rejects when any part of it fails by itself.
 */
export async function runGateway(configPath: string, signal: AbortSignal): Promise<void> {
  const { config, log, metrics } = startProcess(configPath)
  await using life = new Lifetime()
  let options = required(config, 'gateway')
  const gateway = life.use(await openGateway(options, { log, metrics }, signal))
  const apply = (next: Config): void => {
    options = required(next, 'gateway')
    log.level = next.log.level
    gateway.configure(options)
  }
  const reload = new Reload({ path: configPath, config, clock: systemClock, log, metrics, apply })
  const { bridge, edge, drain } = gateway
  const operator = new GatewayOperator({
    ...{ id: options.id, bridge, edge, drain, metrics },
    reload: () => reload.last,
  })
  const api = { operator, token: () => options.admin.token, log }
  life.use(await serveAdmin(gateway, options, { log, metrics, api }))
  await runUntilStopped([(stop) => gateway.run(stop), (stop) => reload.run(stop)], signal, {
    drain,
    onStop: () => options.onStop,
  })
  log.info('stopping')
}

/** One task that fails ends the others, and its error is thrown. */
async function runUntilStopped(
  tasks: readonly Task[],
  signal: AbortSignal,
  { drain, onStop }: { readonly drain: Drain; readonly onStop: () => GatewayConfig['onStop'] },
): Promise<void> {
  const end = new AbortController()
  const ending = async (failed: AbortSignal): Promise<void> => {
    const either = AbortSignal.any([signal, failed])
    while (!either.aborted && !drain.wantsStop) {
      await systemClock.sleep(LOOK_MS, either).catch(() => undefined)
    }
    if (signal.aborted && onStop() === 'drain') {
      drain.begin('stop')
      await drain.over(AbortSignal.any([failed, timeLimit(TAKE_BACK_MS)]))
    }
    end.abort()
  }
  await together([...tasks, ending], end.signal)
}

export interface Gateway extends AsyncDisposable {
  readonly bridge: Bridge
  readonly edge: Edge
  readonly drain: Drain
  /** Works until `signal` aborts; rejects as soon as any part of it fails. */
  run(signal: AbortSignal): Promise<void>
  /** Takes over the fields that are declared in config/reload.ts. */
  configure(config: GatewayConfig): void
}

interface GatewayDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Puts one gateway together. What is opened last is closed first: on the way out the registry
 * sessions end before the edge carries its last requests to their end, so that callers have gone
 * elsewhere by then. What outlives its session is hidden before that, until the next start.
 */
export async function openGateway(
  config: GatewayConfig,
  { log, metrics }: GatewayDeps,
  signal: AbortSignal,
): Promise<Gateway> {
  const life = new Lifetime()
  try {
    const reporters = await openReporters(config, { log, metrics }, life)
    const state = openStateStore(config, log, life)
    const deps = { state, log, metrics, reporters }
    const openIt = (): Promise<Edge> => openEdge(config, deps, signal)
    const edge = life.use(await onceReadable(config.state, openIt, log, signal))
    life.defer(() => edge.drain(new AbortController().signal))
    const writes = new Lull()
    const open = (one: RegistryConfig): Registry =>
      life.use(openRegistry(one, { ...identitiesOf(config), log, metrics, writes }))
    const legacy = config.legacy.registries.map(open)
    const mesh = config.mesh.registries.map(open)
    life.defer(() => hideAll([...legacy, ...mesh], log))
    const bridge = createBridge({
      ...{ legacy, mesh },
      exposure: edge.exposure,
      ...identitiesOf(config),
      options: syncOptions(config),
      log,
      metrics,
      clock: systemClock,
    })
    const fullReads = new FullReads({
      sources: [...legacy, ...mesh].map(({ name, source }) => ({
        resync: () => source.resync(),
        reads: () => bridge.reads(name),
      })),
      everyMs: config.sync.fullReadEveryMs,
      clock: systemClock,
      random: Math.random,
    })
    let { traffic } = config
    const drain = new Drain({
      bridge,
      edge,
      clock: systemClock,
      log,
      drainMs: () => traffic.drainMs,
    })
    return {
      bridge,
      edge,
      drain,
      run: (stop) =>
        together(
          [
            (end) => bridge.run(end),
            (end) => fullReads.run(end),
            (end) => announceReady(bridge, log, end),
            (end) => drain.run(end),
          ],
          stop,
        ),
      configure: (next) => {
        traffic = next.traffic
        edge.configure(next)
        bridge.configure(syncOptions(next))
        fullReads.configure(next.sync.fullReadEveryMs)
      },
      [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
    }
  } catch (error) {
    await life[Symbol.asyncDispose]()
    throw error
  }
}

const LOOK_MS = 50

async function announceReady(bridge: Bridge, log: Log, signal: AbortSignal): Promise<void> {
  while (!bridge.ready()) {
    if (signal.aborted) return
    await systemClock.sleep(LOOK_MS, signal).catch(() => undefined)
  }
  log.info({ mirrors: bridge.status().mirrors }, 'gateway is ready')
}

async function serveAdmin(
  { bridge, drain }: Gateway,
  { admin: { host, port }, query }: GatewayConfig,
  { log, metrics, api }: GatewayDeps & { readonly api: ApiOptions },
): Promise<AsyncDisposable> {
  const served = await startAdmin({
    ...{ host, port, metrics, api },
    readiness: () => {
      if (drain.phase !== 'no') return { ready: false, why: 'it is drained by an operator' }
      return bridge.ready()
        ? { ready: true }
        : { ready: false, why: 'both registries are not read yet' }
    },
    ...(query === undefined ? {} : { queryUrl: query }),
  })
  log.info({ url: served.url }, 'admin listens')
  return served
}
