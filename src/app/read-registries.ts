import { setTimeout as delay } from 'node:timers/promises'
import type { RegistryConfig } from '../config/registries.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { predictExposure } from '../edge/predicted-exposure.ts'
import { systemClock } from '../kernel/clock.ts'
import { IsthmusError } from '../kernel/errors.ts'
import type { Lifetime } from '../kernel/lifetime.ts'
import { silentLog } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'
import type { Registry } from '../registry/ports.ts'
import { createBridge, type Bridge } from '../sync/bridge.ts'
import { identitiesOf, openRegistry, syncOptions } from './registries.ts'
import { openStateStore } from './state-stores.ts'

/** How long all registries may take to be read completely. */
const READ_TIMEOUT_MS = 60_000
const LOOK_MS = 20

/**
 * A bridge that has read every registry and writes nothing, with the addresses that its gateway
 * would give; `life` ends it. Rejects with REGISTRY_UNAVAILABLE when one cannot be read in time.
 */
export async function readRegistries(
  config: GatewayConfig,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Bridge> {
  const bridge = await openBridge(config, life, signal)
  life.run(
    (stop) => bridge.observe(stop),
    () => undefined, // the wait for a complete read says so
  )
  await readCompletely(bridge, signal)
  return bridge
}

async function openBridge(
  config: GatewayConfig,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Bridge> {
  const deps = { ...identitiesOf(config), log: silentLog, metrics: new Metrics() }
  const open = (one: RegistryConfig): Registry => life.use(openRegistry(readOnce(one), deps))
  const state = openStateStore(config, silentLog, life)
  return createBridge({
    ...deps,
    legacy: config.legacy.registries.map(open),
    mesh: config.mesh.registries.map(open),
    exposure: await predictExposure(config, state, signal),
    options: syncOptions(config),
    clock: systemClock,
  })
}

/**
 * It follows nothing for long, and a running gateway beside it needs its connections: Consul
 * grants one machine so many (`limits.http_max_conns_per_client`).
 */
function readOnce(registry: RegistryConfig): RegistryConfig {
  return registry.kind === 'consul' ? { ...registry, maxWatches: 1 } : registry
}

async function readCompletely(bridge: Bridge, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READ_TIMEOUT_MS
  while (!bridge.ready()) {
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
