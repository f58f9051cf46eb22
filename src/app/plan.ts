import { setTimeout as delay } from 'node:timers/promises'
import { FileStateStore } from '../../adapters/state-stores/file/state-store.ts'
import type { RegistryConfig } from '../config/registries.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { predictExposure } from '../edge/predicted-exposure.ts'
import { systemClock } from '../kernel/clock.ts'
import { IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { silentLog } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'
import { keyText, type Instance } from '../registry/model.ts'
import type { Registry } from '../registry/ports.ts'
import { createBridge, type Bridge } from '../sync/bridge.ts'
import type { Plan, PlanStep } from '../sync/plan.ts'
import { required, startProcess } from './process.ts'
import { openRegistry } from './registries.ts'

/** How long all registries may take to be read completely. */
const READ_TIMEOUT_MS = 60_000
const LOOK_MS = 20

/**
 * `isthmus plan`: reads both registries and prints what a gateway would write and remove, and
 * why. Writes nothing.
 */
export async function runPlan(
  configPath: string,
  options: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { config } = startProcess(configPath)
  await using life = new Lifetime()
  const bridge = await openBridge(required(config, 'gateway'), life, signal)
  life.run(
    (stop) => bridge.observe(stop),
    () => undefined, // the wait for a complete read below says so
  )
  await readCompletely(bridge, signal)
  const report = reportOf(bridge.plan())
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report))
}

async function openBridge(
  config: GatewayConfig,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Bridge> {
  const deps = { owner: config.id, log: silentLog, metrics: new Metrics() }
  const open = (one: RegistryConfig): Registry => life.use(openRegistry(readOnce(one), deps))
  const state = new FileStateStore(config.state.path)
  return createBridge({
    ...deps,
    legacy: config.legacy.registries.map(open),
    mesh: config.mesh.registries.map(open),
    exposure: await predictExposure(config, state, signal),
    options: { ...config.sync, names: config.names },
    clock: systemClock,
  })
}

/**
 * A plan follows nothing for long, and a running gateway beside it needs its connections: Consul
 * grants one machine so many (`limits.http_max_conns_per_client`).
 */
function readOnce(registry: RegistryConfig): RegistryConfig {
  return registry.kind === 'consul' ? { ...registry, maxWatches: 1 } : registry
}

async function readCompletely(bridge: Bridge, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READ_TIMEOUT_MS
  while (!bridge.status().ready) {
    if (performance.now() > deadline) {
      const missing = bridge.status().mirrors.filter(({ reads }) => reads === 0)
      throw new IsthmusError(
        'REGISTRY_UNAVAILABLE',
        `not read within ${String(READ_TIMEOUT_MS / 1_000)} s: ${missing.map(({ registry, staleReason }) => `${registry} (${staleReason ?? 'no answer'})`).join(', ')}`,
        { retry: true },
      )
    }
    await delay(LOOK_MS, undefined, { signal })
  }
}

interface PlanReport {
  /** What would be written, removed or held, and what is left alone and why. */
  readonly steps: Plan
  /**
   * Records of this gateway under another session: a running gateway's, or those of one that
   * ended less than a session timeout ago, which a start would take over as they are.
   */
  readonly keptByOtherSession: number
}

function reportOf(plan: Plan): PlanReport {
  const steps = plan.filter(({ action }) => action !== 'take-over')
  return { steps, keptByOtherSession: plan.length - steps.length }
}

function textOf({ steps, keptByOtherSession }: PlanReport): string {
  const changes = steps.filter(({ action }) => action !== 'skip')
  const lines = steps.map(describe)
  const kept = `${String(keptByOtherSession)} kept by another session of this gateway\n`
  const total = `${String(changes.length)} to do, ${String(steps.length - changes.length)} left alone\n`
  return [...lines, total, ...(keptByOtherSession > 0 ? [kept] : [])].join('')
}

function describe(step: PlanStep): string {
  const { direction, registry, key, action, reason, detail, before, after } = step
  const place = action === 'remove' ? before : after
  const where = place.map(addressOf).join(', ')
  const why = detail === undefined ? reason : `${reason}: ${detail}`
  return `${action.padEnd(7)} ${direction.padEnd(14)} ${registry} ${keyText(key)} ${where} (${why})\n`
}

function addressOf({ host, port }: Instance): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
