import { randomUUID } from 'node:crypto'
import {
  openConsulRegistry,
  type ConsulOptions,
} from '../../adapters/registries/consul/registry.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import type { PlainInstance, RegistryHarness } from '../contract/registry-harness.ts'
import { ConsulClient } from './consul-client.ts'

/** A registry with the defaults of the configuration. */
export function openForTest(
  owner: string,
  url: string,
  options: Partial<ConsulOptions> = {},
): Registry {
  return openConsulRegistry(
    { name: 'consul-test', url, defaultProtocol: 'http', waitMs: 55_000, ...options },
    { owner, log: silentLog },
  )
}

/** Names of its own on a shared server, and a plain client that registers as services do. */
export class ConsulHarness implements RegistryHarness {
  readonly client: ConsulClient
  readonly #address: string
  readonly #prefix = `c${randomUUID().slice(0, 8)}-`
  readonly #options: Partial<ConsulOptions>

  constructor(address: string, options: Partial<ConsulOptions> = {}) {
    this.#address = address
    this.#options = options
    this.client = new ConsulClient(address)
  }

  open(owner: string): Registry {
    return openForTest(owner, this.#address, this.#options)
  }

  key(n: number): ServiceKey {
    const name = `${this.#prefix}${n}`
    if (n % 3 === 2) return { name, protocol: 'dubbo', group: 'blue', version: '1.0.0' }
    return { name, protocol: n % 3 === 1 ? 'dubbo' : 'http' }
  }

  async register(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    for (const instance of instances) await this.client.register(key, instance)
  }

  async deregister(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void> {
    for (const instance of instances) await this.client.deregister(key, instance)
  }

  async list(key: ServiceKey): Promise<readonly string[]> {
    return this.client.list(key)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.removeAll(this.#prefix)
    this.client.destroy()
  }
}
