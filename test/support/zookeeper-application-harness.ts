import { randomUUID } from 'node:crypto'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import type { PlainInstance, RegistryHarness } from '../contract/registry-harness.ts'
import { consume, provide } from './dubbo-application.ts'
import { connectZookeeper, type ZookeeperClient } from './zookeeper-client.ts'
import { openForTest } from './zookeeper-harness.ts'

/** Providers and consumers of Dubbo 3's application level, in a folder of a shared server. */
export async function applicationHarness(address: string): Promise<RegistryHarness> {
  return new ApplicationHarness(address, await connectZookeeper(address))
}

class ApplicationHarness implements RegistryHarness {
  readonly #address: string
  readonly #client: ZookeeperClient
  readonly #chroot = `/contract-${randomUUID()}`

  constructor(address: string, client: ZookeeperClient) {
    this.#address = address
    this.#client = client
  }

  open(owner: string): Registry {
    const servers = [this.#address]
    return openForTest(owner, { servers, chroot: this.#chroot, rpc: 'dubbo-application' })
  }

  key(n: number): ServiceKey {
    return { name: `com.acme.Service${n}`, version: '1.0.0', group: 'blue', protocol: 'tri' }
  }

  async register(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    for (const { host, port, labels: params = {} } of instances) {
      const services = [{ key, params }]
      await provide(this.#client, this.#chroot, { app: `app-of-${key.name}`, host, port, services })
    }
  }

  async deregister(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    for (const { host, port } of instances)
      await this.#client.remove(`${this.#chroot}/services/app-of-${key.name}/${host}:${port}`)
  }

  async list(key: ServiceKey): Promise<readonly string[]> {
    const found = await consume(this.#client, this.#chroot, key)
    return found.map(({ address }) => address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }
}
