import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { PlainInstance } from '../contract/registry-harness.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { fetch } from '../support/fetch.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'
import { startZookeeper } from '../support/servers/zookeeper.ts'
import { allEnded } from './all-ended.ts'
import { CrossingGateway } from './crossing-gateway.ts'

export interface StageOptions {
  /** More of the configuration of the registry in ZooKeeper. */
  readonly registry?: Readonly<Record<string, unknown>>
  /** Identities of the replicas; one by itself without. */
  readonly gateways?: readonly string[]
}

interface StageParts {
  readonly life: Lifetime
  readonly zookeeper: RealServer
  readonly consul: RealServer
  readonly gateways: readonly CrossingGateway[]
}

/** ZooKeeper and Consul of their own with gateways between, on the machine's own address. */
export class CrossingStage implements AsyncDisposable {
  readonly zookeeper: RealServer
  readonly consul: RealServer
  readonly gateways: readonly CrossingGateway[]
  readonly #life: Lifetime
  readonly #mesh: ConsulClient

  private constructor({ life, zookeeper, consul, gateways }: StageParts) {
    this.#life = life
    this.zookeeper = zookeeper
    this.consul = consul
    this.gateways = gateways
    this.#mesh = new ConsulClient(consul.address)
    life.defer(() => this.#mesh.destroy())
  }

  static async open(options: StageOptions = {}): Promise<CrossingStage> {
    const { registry = {}, gateways: ids = ['gw-peers'] } = options
    const life = new Lifetime()
    try {
      const folder = await mkdtemp(join(tmpdir(), `isthmus-crossing-${process.pid}-`))
      life.defer(() => rm(folder, { recursive: true, force: true }))
      const zookeeper = life.use(await startZookeeper())
      const consul = life.use(await startConsul())
      const servers = { zookeeper: zookeeper.address, consul: consul.address }
      const gateways: CrossingGateway[] = []
      for (const id of ids) {
        const gateway = await CrossingGateway.configure({ ...servers, id, folder, registry })
        gateways.push(life.use(gateway))
      }
      await allEnded(gateways.map((gateway) => gateway.start()))
      return new CrossingStage({ life, zookeeper, consul, gateways })
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Registers a service of the mesh as one does by hand: in Consul only. */
  async register(key: ServiceKey, instance: PlainInstance): Promise<void> {
    await this.#mesh.register(key, instance)
  }

  async deregister(key: ServiceKey, instance: PlainInstance): Promise<void> {
    await this.#mesh.deregister(key, instance)
  }

  /** What Consul gives a caller who asks for a service by its name there. */
  async inConsul(name: string): Promise<readonly MeshInstance[]> {
    const answer = await fetch(`${this.consul.address}/v1/health/service/${name}?passing=1`)
    return meshInstances.parse(await answer.json())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }
}

const meshInstances = z.array(
  z
    .object({
      Service: z.object({
        Address: z.string(),
        Port: z.number(),
        Meta: z.record(z.string(), z.string()),
      }),
    })
    .transform(({ Service: { Address, Port, Meta } }) => ({
      address: `${Address}:${Port}`,
      meta: Meta,
    })),
)

export type MeshInstance = z.infer<typeof meshInstances>[number]
