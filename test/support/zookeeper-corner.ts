import { randomUUID } from 'node:crypto'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { provide, type ApplicationProvider } from './dubbo-application.ts'
import { follow, type Follower } from './follower.ts'
import { connectZookeeper, type ZookeeperClient } from './zookeeper-client.ts'
import { openForTest, type OpenOptions } from './zookeeper-harness.ts'

/** A folder of its own on a server, with a plain client and gateways in it. */
export class Corner implements AsyncDisposable {
  readonly chroot = `/corner-${randomUUID()}`
  readonly client: ZookeeperClient
  readonly #address: string
  readonly #opened = new Lifetime()

  private constructor(address: string, client: ZookeeperClient) {
    this.#address = address
    this.client = this.#opened.use(client)
  }

  static async begin(address: string): Promise<Corner> {
    return new Corner(address, await connectZookeeper(address))
  }

  /** One more gateway. */
  open(owner: string, rpc?: OpenOptions['rpc']): Registry {
    const options = { servers: [this.#address], chroot: this.chroot, ...(rpc ? { rpc } : {}) }
    return this.#opened.use(openForTest(owner, options))
  }

  /** A reader that has its first snapshot. */
  async read(registry: Registry = this.open('reader')): Promise<Follower> {
    const follower = this.#opened.use(follow(registry.source))
    await follower.snapshot()
    return follower
  }

  async provide(provider: ApplicationProvider): Promise<void> {
    await provide(this.client, this.chroot, provider)
  }

  path(...parts: readonly string[]): string {
    return [this.chroot, ...parts].join('/')
  }

  /** Every znode below, with its data and whether a session keeps it. */
  async tree(path = this.chroot): Promise<Record<string, string>> {
    const read = await this.client.read(path)
    if (!read) return {}
    const children = await this.client.children(path)
    const below = await Promise.all(children.map((child) => this.tree(`${path}/${child}`)))
    const kept = /^0+$/.test(read.session) ? '' : ' (ephemeral)'
    return Object.assign(
      { [path.slice(this.chroot.length)]: read.data + kept },
      ...below,
    ) as Record<string, string>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]()
  }
}

/** As gateway `owner` would write it: with its id, and normalized. */
export function asWritten(
  { sink }: Registry,
  owner: string,
  key: ServiceKey,
  part: Partial<Instance> = {},
): Instance {
  const draft = {
    ...{ host: '10.9.0.1', port: 21_000, health: 'passing', weight: 100, labels: {} },
    origin: { owner, registry: 'mesh', key, path: ['mesh', owner] },
    ...part,
  } satisfies Omit<Instance, 'id'>
  return sink.normalize(key, draft)
}

export async function apply(
  { sink }: Registry,
  key: ServiceKey,
  puts: readonly Instance[],
  removals: readonly Instance[] = [],
): Promise<void> {
  await sink.apply({ key, puts, removals }, AbortSignal.timeout(10_000))
}
