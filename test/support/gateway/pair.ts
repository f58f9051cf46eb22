import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { eventually } from '../eventually.ts'
import { fetch } from '../fetch.ts'
import { listenAt } from '../servers/free-port.ts'
import { foundInLegacy, foundInMesh, silentOf } from './callers.ts'
import { ConsulHistory } from './consul-history.ts'
import { gatewayConfig } from './gateway-config.ts'
import { GatewayProcess } from './gateway-process.ts'
import { Stage } from './stage.ts'

const SERVICES_A_SIDE = 8
const WITHIN_MS = 60_000
export const HOSTS = { 'gw-a': '127.0.0.1', 'gw-b': '127.0.0.2' } as const

type Id = keyof typeof HOSTS

/** Two replicas that carry the traffic, each at an address of its own, with their ports in one store. */
export class Pair implements AsyncDisposable {
  readonly stage: Stage
  /** What each of them wrote into Consul. */
  readonly written: Readonly<Record<Id, ConsulHistory>>
  readonly #life: Lifetime
  readonly #folder: string
  readonly #store: 'consul' | 'zookeeper'

  private constructor(stage: Stage, folder: string, store: 'consul' | 'zookeeper', life: Lifetime) {
    this.stage = stage
    this.#folder = folder
    this.#store = store
    this.#life = life
    const history = (id: Id): ConsulHistory =>
      life.use(new ConsulHistory(stage.consul.address, `isthmus-${id}`))
    this.written = { 'gw-a': history('gw-a'), 'gw-b': history('gw-b') }
  }

  static async open(store: 'consul' | 'zookeeper'): Promise<Pair> {
    const life = new Lifetime()
    try {
      const stage = life.use(await Stage.open({ servicesASide: SERVICES_A_SIDE, ports: 100 }))
      const folder = await mkdtemp(join(tmpdir(), 'isthmus-replicas-'))
      life.defer(() => rm(folder, { recursive: true, force: true }))
      return new Pair(stage, folder, store, life)
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  async start(id: Id): Promise<GatewayProcess> {
    const { zookeeper, consul, ports } = this.stage
    const path = join(this.#folder, `${id}.yaml`)
    const config = gatewayConfig(join(this.#folder, id), ports, {
      ...{ id, host: HOSTS[id], cluster: 'pair', addressing: 'gateway', state: this.#store },
      ...{ zookeeper: zookeeper.address, consul: consul.address },
    })
    await writeFile(path, JSON.stringify(config))
    const gateway = this.#life.use(await GatewayProcess.start(path))
    await gateway.ready()
    return gateway
  }

  /** Something else listens at every second port of the first replica's. */
  async occupy(): Promise<AsyncDisposable> {
    const { from, to } = this.stage.ports
    const life = this.#life.use(new Lifetime())
    for (let port = from; port <= to; port += 2) {
      const foreign = await listenAt(port, HOSTS['gw-a'])
      if (foreign) life.use(foreign)
    }
    return life
  }

  /** Until callers of both sides are given every service at exactly these replicas. */
  async shownAt(...ids: readonly Id[]): Promise<void> {
    const expected = ids.map((id) => HOSTS[id]).join()
    const look = async (): Promise<boolean> => {
      const { mesh, legacy } = await this.found()
      const { legacyKeys, meshKeys } = this.stage.services
      const hosts = [...mesh, ...legacy].map((all) => all.map(hostOf).join())
      return (
        mesh.length === legacyKeys.length &&
        legacy.length === meshKeys.length &&
        hosts.every((one) => one === expected)
      )
    }
    await eventually(`every service is shown at ${expected}`, look, WITHIN_MS)
  }

  /** The addresses of each service that callers are given. */
  async found(): Promise<Record<'mesh' | 'legacy', readonly (readonly string[])[]>> {
    const names = new Set<string>()
    for (const id of ['gw-a', 'gw-b'] as const) {
      for (const { name } of await this.written[id].entries()) names.add(name)
    }
    const mesh = await foundInMesh(this.stage, [...names])
    const legacy = await foundInLegacy(this.stage)
    return { mesh: [...mesh.values()], legacy: [...legacy.values()] }
  }

  /** What is wrong where each service has one port of its own everywhere, and answers there. */
  async portFaults(): Promise<readonly unknown[]> {
    const { mesh, legacy } = await this.found()
    const all = [...mesh, ...legacy]
    const several = all.filter((one) => new Set(one.map(portOf)).size !== 1)
    const first = all.map((one) => portOf(one[0] ?? ''))
    const shared = first.filter((port, at) => first.indexOf(port) !== at)
    return [...several, ...shared, ...(await silentOf(all.flat()))]
  }

  /** Whatever was taken away of one, also for a moment, and services that no entry was left of. */
  async removals(): Promise<readonly unknown[]> {
    const { losses } = await this.stage.znodes()
    const { 'gw-a': a, 'gw-b': b } = this.written
    return [...losses.filter(({ of }) => of === 'gateway'), ...a.breaches, ...b.breaches]
  }

  /** Folder and address of all that a replica has in ZooKeeper. */
  async znodesOf(id: Id): Promise<readonly string[]> {
    const found = [...(await foundInLegacy(this.stage))]
    return found.flatMap(([folder, addresses]) =>
      addresses.filter((one) => hostOf(one) === HOSTS[id]).map((one) => `${folder} ${one}`),
    )
  }

  /** The checks of a replica's whole node. */
  async nodeChecks(id: Id): Promise<readonly unknown[]> {
    const answer = await fetch(`${this.stage.consul.address}/v1/health/node/isthmus-${id}`)
    const all = checks.parse(await answer.json())
    return all
      .filter(({ ServiceID }) => ServiceID === '')
      .map((one) => ({
        [one.CheckID]: one.Status,
        writtenOnce: one.CreateIndex === one.ModifyIndex,
      }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }
}

const checks = z.array(
  z.object({
    CheckID: z.string(),
    ServiceID: z.string(),
    Status: z.string(),
    CreateIndex: z.number(),
    ModifyIndex: z.number(),
  }),
)

export const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'))
const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
