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

  private constructor(address: string, client: ZookeeperClient) {
    this.client = client
    const { chroot } = this
    const servers = [address]
    this.registry = openForTest('gw-a', { servers, chroot, sessionTimeoutMs: SESSION_MS })
  }

  /** `through` is the way the registry takes, if not straight to the server. */
  static async begin(server: string, through = server): Promise<Scene> {
    const scene = new Scene(through, await connectZookeeper(server))
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
    const instance = sink.normalize(WEB, { ...draft, id: sink.idFor(WEB, draft) })
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
