import { randomUUID } from 'node:crypto'
import { openZookeeperRegistry } from '../../adapters/registries/zookeeper/registry.ts'
import { silentLog, type Log } from '../../src/kernel/log.ts'
import type { Metrics } from '../../src/kernel/metrics.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import type { PlainInstance, RegistryHarness } from '../contract/registry-harness.ts'
import { connectZookeeper, type ZookeeperClient } from './zookeeper-client.ts'

type LayoutName = 'dubbo' | 'curator'

export interface OpenOptions {
  readonly servers: readonly string[]
  readonly chroot: string
  readonly sessionTimeoutMs?: number
  readonly digest?: string
  readonly access?: 'open' | 'owner-writes' | 'owner-only'
  readonly maxReplyBytes?: number
  readonly metrics?: Metrics
  readonly log?: Log
  /** Layout that dubbo and tri are written in. */
  readonly rpc?: 'dubbo' | 'dubbo-application'
}

/** A registry with the defaults of the configuration. */
export function openForTest(
  owner: string,
  { rpc = 'dubbo', metrics, log = silentLog, ...options }: OpenOptions,
): Registry {
  return openZookeeperRegistry(
    {
      name: 'zk-test',
      sessionTimeoutMs: 6_000,
      layouts: { read: ['dubbo', 'dubbo-application', 'curator'], http: 'curator', rpc },
      dubboRoot: '/dubbo',
      curatorRoot: '/services',
      curatorPayloadClass: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
      ...options,
    },
    { owner, log, metrics },
  )
}

/** A folder of its own on a shared server, and a plain client that registers as services do. */
export async function zookeeperHarness(
  address: string,
  layout: LayoutName,
): Promise<RegistryHarness> {
  return new Harness(address, layout, await connectZookeeper(address))
}

class Harness implements RegistryHarness {
  readonly #address: string
  readonly #layout: LayoutName
  readonly #client: ZookeeperClient
  readonly #chroot = `/contract-${randomUUID()}`

  constructor(address: string, layout: LayoutName, client: ZookeeperClient) {
    this.#address = address
    this.#layout = layout
    this.#client = client
  }

  open(owner: string): Registry {
    return openForTest(owner, { servers: [this.#address], chroot: this.#chroot })
  }

  key(n: number): ServiceKey {
    return this.#layout === 'dubbo'
      ? { name: `com.acme.Service${n}`, version: '1.0.0', group: 'blue', protocol: 'dubbo' }
      : { name: `service-${n}`, protocol: 'http' }
  }

  async register(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    for (const instance of instances) {
      const { child, data } =
        this.#layout === 'dubbo' ? providerOf(key, instance) : springInstanceOf(key, instance)
      await this.#client.createEphemeral(`${this.#folder(key)}/${child}`, data)
    }
  }

  async deregister(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    const gone = new Set(instances.map(({ host, port }) => `${host}:${port}`))
    for (const { path, address } of await this.#found(key)) {
      const own =
        (await this.#client.read(path))?.session === this.#client.session.id.toString('hex')
      if (own && gone.has(address)) await this.#client.remove(path)
    }
  }

  async list(key: ServiceKey): Promise<readonly string[]> {
    return (await this.#found(key)).map(({ address }) => address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }

  #folder({ name }: ServiceKey): string {
    return this.#layout === 'dubbo'
      ? `${this.#chroot}/dubbo/${name}/providers`
      : `${this.#chroot}/services/${name}`
  }

  async #found(key: ServiceKey): Promise<readonly { path: string; address: string }[]> {
    const folder = this.#folder(key)
    const children = await this.#client.children(folder)
    const found = await Promise.all(
      children.map(async (child) => {
        const path = `${folder}/${child}`
        if (this.#layout === 'dubbo') return { path, address: addressOfUrl(child) }
        const data = (await this.#client.read(path))?.data
        return data === undefined ? [] : { path, address: addressOfJson(data) }
      }),
    )
    return found.flat()
  }
}

export function providerOf(
  { name, version, group, protocol }: ServiceKey,
  { host, port, labels }: PlainInstance,
): { child: string; data: string } {
  const params = {
    anyhost: 'true',
    application: 'demo',
    interface: name,
    ...(version === undefined ? {} : { version }),
    ...(group === undefined ? {} : { group }),
    ...labels,
  }
  const query = Object.entries(params).map(([param, value]) => `${param}=${value}`)
  const url = `${protocol}://${host}:${port}/${name}?${query.join('&')}`
  return { child: encodeURIComponent(url), data: host }
}

export function springInstanceOf(
  { name }: ServiceKey,
  { host, port, labels }: PlainInstance,
): { child: string; data: string } {
  const id = randomUUID()
  const metadata = { instance_status: 'UP', ...labels }
  const data = {
    ...{ name, id, address: host, port, sslPort: null },
    payload: {
      '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
      ...{ id: 'application-1', name, metadata },
    },
    ...{ registrationTimeUTC: Date.now(), serviceType: 'DYNAMIC', uriSpec: null },
  }
  return { child: id, data: JSON.stringify(data) }
}

function addressOfUrl(child: string): string {
  return /^\w+:\/\/([^/]+)\//.exec(decodeURIComponent(child))?.[1] ?? child
}

function addressOfJson(data: string): string {
  const { address, port } = JSON.parse(data) as { address: string; port: number }
  return `${address}:${port}`
}
