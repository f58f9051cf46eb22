import { openConsulRegistry } from '../../adapters/registries/consul/registry.ts'
import { openZookeeperRegistry } from '../../adapters/registries/zookeeper/registry.ts'
import { names } from '../../src/config/names.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { Lull } from '../../src/kernel/lull.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { createBridge } from '../../src/sync/bridge.ts'
import type { Bridge } from '../../src/sync/bridge.ts'
import { PredictingExposure } from '../../test/support/sync/predicting-exposure.ts'

export const OWNER = 'bench'

/** A bridge between real registries, and what it has written into them. */
export interface BenchBridge extends AsyncDisposable {
  readonly bridge: Bridge
  /** Changes that the registries have acknowledged so far, in the slower direction. */
  acknowledged(): number
}

export function openBridge(zookeeper: string, consul: string, maxWatches: number): BenchBridge {
  const log = createLog('warn')
  const deps = { owner: OWNER, log, writes: new Lull() }
  const legacy = counted(
    openZookeeperRegistry(
      {
        name: 'zk',
        servers: [zookeeper],
        sessionTimeoutMs: 30_000,
        layouts: { read: ['dubbo', 'curator'], http: 'curator', rpc: 'dubbo' },
        dubboRoot: '/dubbo',
        curatorRoot: '/services',
        curatorPayloadClass: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
      },
      deps,
    ),
  )
  const mesh = counted(
    openConsulRegistry(
      { name: 'consul', url: consul, defaultProtocol: 'http', waitMs: 10_000, maxWatches },
      deps,
    ),
  )
  const bridge = createBridge({
    owner: OWNER,
    legacy: [legacy.registry],
    mesh: [mesh.registry],
    exposure: new PredictingExposure({ host: '10.9.9.9' }),
    options: {
      names: names.parse({}),
      quietPeriodMs: 50,
      maxDelayMs: 1_000,
      removalBudget: { share: 1, atLeast: 1_000_000, windowMs: 60_000, holdMs: 300_000 },
    },
    log,
    metrics: new Metrics(),
    clock: systemClock,
  })
  return {
    bridge,
    acknowledged: () => Math.min(legacy.acknowledged(), mesh.acknowledged()),
    [Symbol.asyncDispose]: async () => {
      await legacy.registry[Symbol.asyncDispose]()
      await mesh.registry[Symbol.asyncDispose]()
    },
  }
}

interface Counted {
  readonly registry: Registry
  acknowledged(): number
}

function counted(registry: Registry): Counted {
  let acknowledged = 0
  const { sink } = registry
  return {
    acknowledged: () => acknowledged,
    registry: {
      name: registry.name,
      kind: registry.kind,
      source: registry.source,
      sink: {
        apply: async (change, signal) => {
          await sink.apply(change, signal)
          acknowledged += 1
        },
        normalize: (key, instance) => sink.normalize(key, instance),
        recognizes: (owner, key, instance) => sink.recognizes(owner, key, instance),
        accepts: (key) => sink.accepts(key),
      },
      presence: registry.presence,
      lease: (name) => registry.lease(name),
      purge: (owner, options, signal) => registry.purge(owner, options, signal),
      describe: (signal) => registry.describe(signal),
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    },
  }
}
