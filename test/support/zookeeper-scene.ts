import { expect } from '@jest/globals'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { follow, type Follower } from './follower.ts'
import { connectZookeeper, type ZookeeperClient } from './zookeeper-client.ts'
import { openForTest, providerOf, springInstanceOf } from './zookeeper-harness.ts'

export const ORDERS: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
export const WEB: ServiceKey = { name: 'web', protocol: 'http' }
export const A = { host: '10.1.0.1', port: 20_880 }
export const B = { host: '10.1.0.2', port: 20_880 }
const SESSION_MS = 1_500

let count = 0

/** Two services, registered by a client whose znodes outlive the fault, and a reader of them. */
export class Scene implements AsyncDisposable {
  readonly chroot = `/fault-${count++}`
  readonly client: ZookeeperClient
  readonly registry: Registry
  #follower: Follower | undefined

  private constructor(servers: readonly string[], client: ZookeeperClient) {
    this.client = client
    const { chroot } = this
    this.registry = openForTest('gw-a', { servers, chroot, sessionTimeoutMs: SESSION_MS })
  }

  /** `through` are the servers that the registry names, if not the one that services do. */
  static async begin(server: string, ...through: readonly string[]): Promise<Scene> {
    const servers = through.length > 0 ? through : [server]
    const scene = new Scene(servers, await connectZookeeper(server))
    for (const instance of [A, B]) await scene.register(ORDERS, instance)
    await scene.register(WEB, A)
    scene.#follower = follow(scene.registry.source)
    return scene
  }

  get follower(): Follower {
    if (!this.#follower) throw new Error('not begun')
    return this.#follower
  }

  /** Persistent, so that a server's death does not take it away: only our reading can. */
  async register(key: ServiceKey, instance: { host: string; port: number }): Promise<void> {
    const [folder, { child, data }] =
      key.protocol === 'dubbo'
        ? [`dubbo/${key.name}/providers`, providerOf(key, instance)]
        : [`services/${key.name}`, springInstanceOf(key, instance)]
    await this.client.createPersistent(`${this.chroot}/${folder}/${child}`, data)
  }

  /** An own record, written by the gateway's sink. */
  async announce(): Promise<Instance> {
    const { sink } = this.registry
    const draft = {
      host: '10.9.0.1',
      port: 21_000,
      health: 'passing',
      weight: 100,
      labels: {},
      origin: { owner: 'gw-a', registry: 'mesh', key: WEB, path: ['mesh', 'gw-a'] },
    } satisfies Omit<Instance, 'id'>
    const instance = sink.normalize(WEB, draft)
    await sink.apply({ key: WEB, puts: [instance], removals: [] }, AbortSignal.timeout(10_000))
    return instance
  }

  async converged(): Promise<void> {
    await this.follower.until(
      'both instances of one and the one of the other',
      () =>
        !this.follower.stale &&
        this.follower.instances(ORDERS).length === 2 &&
        this.follower.instances(WEB).some(({ host }) => host === A.host),
      20_000,
    )
  }

  async stale(): Promise<void> {
    await this.follower.until('stale', () => this.follower.stale, 20_000)
  }

  /** No event ever said that one of the two services was gone. */
  neverWronglyGone(): void {
    for (const event of this.follower.events) {
      expect(event.kind).not.toBe('remove')
      if (event.kind !== 'snapshot') continue
      const names = new Map(event.records.map(({ key, instances }) => [key.name, instances.length]))
      expect(names.get(ORDERS.name)).toBe(2)
      expect(names.get(WEB.name)).toBeGreaterThanOrEqual(1)
    }
    expect(this.follower.breaches).toEqual([])
  }

  /** What was once known of a service was never less afterwards. */
  neverFewer(): void {
    const most = new Map<string, number>()
    for (const event of this.follower.events) {
      expect(event.kind).not.toBe('remove')
      const records =
        event.kind === 'snapshot' ? event.records : event.kind === 'upsert' ? [event.record] : []
      if (event.kind === 'snapshot') expect(records).toHaveLength(2)
      for (const { key, instances } of records.filter(({ key }) => key.name === ORDERS.name)) {
        expect(instances.length).toBeGreaterThanOrEqual(most.get(key.name) ?? 0)
        most.set(key.name, instances.length)
      }
    }
    expect(this.follower.breaches).toEqual([])
  }

  path(key: ServiceKey, { id }: Instance): string {
    const [layout = '', child = ''] = id.split('/')
    const folder = layout === 'dubbo' ? `dubbo/${key.name}/providers` : `services/${key.name}`
    return `${this.chroot}/${folder}/${child}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.follower[Symbol.asyncDispose]()
    await this.registry[Symbol.asyncDispose]()
    await this.client[Symbol.asyncDispose]()
  }
}
