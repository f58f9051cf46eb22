import { IsthmusError } from '../../../src/kernel/errors.ts'
import { keyText, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import type { Change, Registry, RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import type { BridgeOptions } from '../../../src/sync/bridge-parts.ts'
import { altered } from './altered.ts'
import { CLUSTER } from './cluster.ts'
import { Gateway } from './gateway.ts'
import { ManualClock } from './manual-clock.ts'
import { ObservedBackend, turns } from './observed-backend.ts'

/** Time goes by in steps of so much. */
const STEP_MS = 500

export interface LateMeshOptions {
  /** Time between two changes that Consul tells of; a millisecond by default. */
  readonly tellsEveryMs?: number
  readonly bridge?: Partial<BridgeOptions>
}

/** A gateway into a Consul that takes writes at once and tells of them late, or not at all. */
export class LateMesh implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly zk = new ObservedBackend({})
  readonly consul = new ObservedBackend({}, (key, one) => this.#removed(key, one))
  readonly gateway: Gateway
  /** The service of every write into Consul that the gateway made, lost ones too. */
  readonly writes: string[] = []
  /** … and what it was to change. */
  readonly changes: Change[] = []
  /** Release of each record that the gateway took out of Consul, in order. */
  readonly removed: string[] = []
  /** Services of which nothing was left at some time. */
  readonly emptied: string[] = []
  /** Writes are answered, and lost before anybody has read them. */
  loses = false
  /** So many writes fail from now on. */
  failsNext = 0
  /** Consul tells of nothing but what is in `says`. */
  isSilent = false
  readonly says: SourceEvent[] = []
  readonly #tellsEveryMs: number

  constructor({ tellsEveryMs = 1, bridge = {} }: LateMeshOptions = {}) {
    this.#tellsEveryMs = tellsEveryMs
    this.gateway = new Gateway({
      owner: 'gw',
      cluster: CLUSTER,
      legacy: { name: 'zk', backend: this.zk },
      mesh: { name: 'consul', backend: this.consul },
      clock: this.clock,
      options: bridge,
      wrap: (registry) => (registry.name === 'consul' ? this.#late(registry) : registry),
    })
  }

  /** In small steps, as what waits for the time asks for it when it wakes. */
  async pass(ms: number): Promise<void> {
    for (let past = 0; past < ms; past += STEP_MS) {
      await this.clock.advance(STEP_MS)
      await turns(20)
    }
  }

  /** Releases of a service as Consul has them. */
  releases(key: ServiceKey): readonly string[] {
    return this.consul.instances(key).map(({ labels }) => labels['release'] ?? '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
  }

  #removed(key: ServiceKey, { labels }: Instance): void {
    this.removed.push(labels['release'] ?? '')
    if (this.consul.instances(key).length === 0) this.emptied.push(keyText(key))
  }

  #late(registry: Registry): Registry {
    return altered(registry, {
      source: { watch: (signal) => this.#watch(registry.source, signal) },
      sink: {
        // As in Dubbo, where a provider's parameters are in the name of its znode.
        normalize: (key, one) => {
          const read = registry.sink.normalize(key, one)
          return { ...read, id: `${read.id}?${one.labels['release'] ?? ''}` }
        },
        apply: async (change, signal) => {
          if (this.failsNext > 0) {
            this.failsNext -= 1
            throw new IsthmusError('REGISTRY_UNAVAILABLE', 'it fails once', { retry: true })
          }
          this.writes.push(keyText(change.key))
          this.changes.push(change)
          if (!this.loses) await registry.sink.apply(change, signal)
        },
      },
    })
  }

  async *#watch(source: RegistrySource, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const pause = async (ms: number): Promise<void> =>
      await this.clock.sleep(ms, signal).catch(() => undefined)
    for await (const event of source.watch(signal)) {
      if (event.kind !== 'snapshot') await pause(this.#tellsEveryMs)
      while (this.isSilent && !signal.aborted) {
        await pause(STEP_MS / 5)
        yield* this.says.splice(0)
      }
      yield event
    }
  }
}
