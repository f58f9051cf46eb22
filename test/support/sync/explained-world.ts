import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Instance, Origin, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../eventually.ts'
import { Gateway } from './gateway.ts'
import type { GatewaySetup } from './gateway.ts'

export function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {}, ...part }
}

/** A mark of another gateway, by default of one that brought `key` from a registry not seen here. */
export const originOf = (key: ServiceKey, part: Partial<Origin> = {}): Origin => {
  return { owner: 'gw-9', registry: 'zk-9', key, path: ['gw-9'], ...part }
}

/** A gateway on it reads and decides, and its writes all fail. */
export const readOnly = (registry: Registry): Registry => ({
  ...registry,
  [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  sink: {
    apply: () => Promise.reject(new Error('read only')),
    normalize: (key, one) => registry.sink.normalize(key, one),
    recognizes: (owner, key, one) => registry.sink.recognizes(owner, key, one),
    accepts: (key) => (key.name === 'refused' ? 'no room for it' : registry.sink.accepts(key)),
  },
})

/** A legacy side of two registries, a mesh of one or two, and a gateway between them. */
export class World {
  readonly zk = new MemoryBackend()
  readonly zk2 = new MemoryBackend()
  readonly consul = new MemoryBackend()
  readonly consul2 = new MemoryBackend()
  readonly life = new Lifetime()
  #gateway: Gateway | undefined

  get gateway(): Gateway {
    if (!this.#gateway) throw new TypeError('no gateway was started')
    return this.#gateway
  }

  start(part: Partial<GatewaySetup> = {}): Gateway {
    const legacy = [
      { name: 'zk', backend: this.zk },
      { name: 'zk2', backend: this.zk2 },
    ]
    const mesh = { name: 'consul', backend: this.consul }
    this.#gateway = this.life.use(new Gateway({ owner: 'gw', legacy, mesh, ...part }))
    return this.#gateway
  }

  /** Starts one, waits until `key` stands in the mesh by its work, and ends it. */
  async exportOnce(key: ServiceKey, part: Partial<GatewaySetup> = {}): Promise<void> {
    const gateway = this.start(part)
    await eventually('exported', () => this.consul.keys().some(({ name }) => name === key.name))
    await eventually('settled', () => gateway.isSettled())
    await gateway.kill()
  }
}

/** One case of a table: what is asked for, by default `pay`, and what is said of it. */
export interface Row {
  readonly ask?: string
  readonly says: readonly string[]
  readonly when: (it: World) => unknown
}
