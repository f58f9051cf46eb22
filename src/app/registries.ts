import { openConsulRegistry } from '../../adapters/registries/consul/registry.ts'
import { openFileRegistry } from '../../adapters/registries/file/registry.ts'
import { MemoryBackend } from '../../adapters/registries/memory/backend.ts'
import { openMemoryRegistry } from '../../adapters/registries/memory/registry.ts'
import { openZookeeperRegistry } from '../../adapters/registries/zookeeper/registry.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import type { RegistryConfig } from '../config/registries.ts'
import type { Log } from '../kernel/log.ts'
import type { Lull } from '../kernel/lull.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { Registry } from '../registry/ports.ts'
import type { BridgeOptions } from '../sync/bridge-parts.ts'

export interface RegistryDeps {
  readonly owner: string
  /** Absent where nothing is written for all replicas. */
  readonly cluster?: string
  readonly log: Log
  readonly metrics: Metrics
  /** Writes of the gateway, into all its registries: what can wait is done in their pauses. */
  readonly writes?: Lull
}

/** Under which identities a gateway writes. */
export function identitiesOf({
  id,
  cluster,
}: GatewayConfig): Pick<RegistryDeps, 'owner' | 'cluster'> {
  return { owner: id, ...(cluster !== undefined && { cluster }) }
}

/** What of the configuration sync reads. */
export function syncOptions({ sync, names, addressing }: GatewayConfig): BridgeOptions {
  return { ...sync, names, addressing }
}

/** The registry that a configuration names. Opening it does no I/O. */
export function openRegistry(config: RegistryConfig, deps: RegistryDeps): Registry {
  switch (config.kind) {
    case 'zookeeper':
      return openZookeeperRegistry(config, deps)
    case 'consul':
      return openConsulRegistry(config, deps)
    case 'file':
      return openFileRegistry(config, deps)
    case 'memory':
      return openMemoryRegistry(config, { ...deps, backend: new MemoryBackend() })
  }
}
