import { leaseOf } from '../../../adapters/registries/memory/lease.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import type { AddressingMode, AddressingOptions } from '../../../src/sync/addressing.ts'
import type { BridgeOptions } from '../../../src/sync/bridge-parts.ts'
import { Gateway } from './gateway.ts'
import { ObservedBackend, turns, unevenPace } from './observed-backend.ts'

export const CLUSTER = 'replicas'

/** Of legacy services; the other way it is the gateway's address. */
export function modeFor(
  mode: AddressingMode,
  rules: AddressingOptions['legacyToMesh']['rules'] = [],
): AddressingOptions {
  return {
    legacyToMesh: { default: mode, rules },
    meshToLegacy: { default: 'gateway', rules: [] },
  }
}

/** A mesh that notes what replicas write into it, and whether they might. */
class WatchedMesh extends ObservedBackend {
  /** Writes in the cluster's name by a session that did not have the lease at that moment. */
  readonly unfenced: string[] = []

  override put(key: ServiceKey, instance: Instance, session: number, outlives: boolean): void {
    const holder = this.elections.holder(leaseOf(CLUSTER))
    if (instance.origin?.owner === CLUSTER && holder?.id !== session) {
      this.unfenced.push(`${keyText(key)} ${instance.host}`)
    }
    super.put(key, instance, session, outlives)
  }
}

/** Replicas of one gateway between two memory registries. */
export class Cluster implements AsyncDisposable {
  readonly legacy: ObservedBackend
  readonly mesh: WatchedMesh
  /** Instances that ran when the last record for them was taken out of the mesh. */
  readonly absent: string[] = []
  /** Services of which nothing was left in the mesh though an instance of them ran. */
  readonly emptied: string[] = []
  readonly #gateways: Gateway[] = []

  constructor(seed = 1) {
    this.legacy = new ObservedBackend({ keeps: 'session', pace: unevenPace(seed) })
    this.mesh = new WatchedMesh({ keeps: 'session', pace: unevenPace(seed + 1) }, (key, one) =>
      this.#removed(key, one),
    )
  }

  start(
    owner: string,
    options: Partial<BridgeOptions> = {},
    wrap: (registry: Registry) => Registry = (one) => one,
  ): Gateway {
    const gateway = new Gateway({
      ...{ owner, options, wrap, cluster: CLUSTER },
      legacy: { name: 'legacy', backend: this.legacy },
      mesh: { name: 'mesh', backend: this.mesh },
    })
    this.#gateways.push(gateway)
    return gateway
  }

  get unfenced(): readonly string[] {
    return this.mesh.unfenced
  }

  /** A replica elsewhere has the lease and does nothing; what is returned gives it back. */
  holdLease(): () => void {
    const session = this.mesh.openSession()
    this.mesh.elections.take(leaseOf(CLUSTER), session)
    return () => this.mesh.closeSession(session)
  }

  /** Gateways see all that `change` does at once. */
  async legacyAtOnce(change: () => void): Promise<void> {
    this.legacy.disconnect()
    await turns(5)
    change()
    this.legacy.connect()
  }

  /** The term of whoever writes ends, as if its session had. */
  endTerm(): void {
    this.mesh.elections.free(leaseOf(CLUSTER))
  }

  writer(): Gateway | undefined {
    return this.#gateways.find((one) => writerState(one) === 'writing')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.#gateways) await gateway[Symbol.asyncDispose]()
  }

  /** What points to a gateway stands for all instances; else each must have its own record. */
  #removed(key: ServiceKey, { host, port }: Instance): void {
    const runs = this.legacy.instances(key).some((one) => one.host === host && one.port === port)
    const left = this.mesh.instances(key)
    const pointsToGateway = left.some(({ origin }) => origin?.owner !== CLUSTER)
    const stands = left.some((one) => one.host === host && one.port === port)
    if (left.length === 0 && this.legacy.instances(key).length > 0) {
      this.emptied.push(keyText(key))
    }
    if (runs && !stands && !pointsToGateway) this.absent.push(`${keyText(key)} ${host}`)
  }
}

export function writerState({ bridge }: Gateway): string | undefined {
  return bridge.status().directions.find(({ name }) => name === 'legacy-to-mesh')?.writer
}
