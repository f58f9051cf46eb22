import { ConsulStateStore } from '../../adapters/state-stores/consul/state-store.ts'
import { FileStateStore } from '../../adapters/state-stores/file/state-store.ts'
import { ZookeeperStateStore } from '../../adapters/state-stores/zookeeper/state-store.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { systemClock } from '../kernel/clock.ts'
import { errorCode } from '../kernel/errors.ts'
import type { Lifetime } from '../kernel/lifetime.ts'
import type { Log } from '../kernel/log.ts'
import type { StateStore } from '../registry/ports.ts'

/** In an ensemble, beside what its registry holds. */
const ZOOKEEPER_ROOT = '/isthmus/state'

/** The store that a configuration names. Opening it does no I/O; `life` closes it. */
export function openStateStore(
  { state, legacy, mesh }: Pick<GatewayConfig, 'state' | 'legacy' | 'mesh'>,
  log: Log,
  life: Lifetime,
): StateStore {
  if (state.kind === 'file') return new FileStateStore(state.path)
  const named = [...legacy.registries, ...mesh.registries].find(
    ({ name, kind }) => name === state.registry && kind === state.kind,
  )
  switch (named?.kind) {
    case 'zookeeper':
      return life.use(new ZookeeperStateStore({ ...named, root: ZOOKEEPER_ROOT }, log))
    case 'consul':
      return life.use(new ConsulStateStore(named))
    default:
      throw new TypeError('the schema wants a registry of that kind and name')
  }
}

const RETRY_MS = 1_000

/**
 * Opens what needs the store, as soon as the store can be read: at the start of a gateway the
 * ensemble may be down. A folder that cannot be read is a fault of the machine and rejects at once.
 */
export async function onceReadable<T>(
  { kind }: GatewayConfig['state'],
  open: () => Promise<T>,
  log: Log,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await open()
    } catch (err) {
      if (kind === 'file' || errorCode(err) !== 'STATE_UNAVAILABLE') throw err
      if (failures === 0) log.warn({ kind, err }, 'state cannot be read yet, will retry')
      await systemClock.sleep(RETRY_MS, signal)
    }
  }
}
