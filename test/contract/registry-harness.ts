import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'

/** What a service registers by itself: its address and what it says about itself. */
export type PlainInstance = Pick<Instance, 'host' | 'port'> & Partial<Pick<Instance, 'labels'>>

/** One backend, with a plain client of it that knows nothing of gateways. */
export interface RegistryHarness extends AsyncDisposable {
  /** A fresh registry on the same backend, as gateway `owner` opens it. The suite closes it. */
  open(owner: string): Registry | Promise<Registry>
  /** The n-th sample key, unique to this harness; `accepts` is true for it. n = 0…199. */
  key(n: number): ServiceKey
  /** Registers as the service's own client would; resolves when the backend has it. */
  register(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void>
  /** Takes away what `register` wrote; resolves when it is gone. */
  deregister(key: ServiceKey, instances: readonly PlainInstance[]): Promise<void>
  /** The addresses that the backend shows under `key` at this moment, whoever wrote them. */
  list(key: ServiceKey): Promise<readonly string[]>
}
