import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { keyText } from '../../../src/registry/model.ts'
import { describeRegistryContract } from '../../contract/registry.ts'
import type { RegistryHarness } from '../../contract/registry-harness.ts'

function makeHarness(keeps: 'record' | 'session'): Promise<RegistryHarness> {
  const backend = new MemoryBackend({ keeps })
  return Promise.resolve({
    open: (owner) => openMemoryRegistry({ name: 'memory' }, { owner, backend }),
    key: (n) => ({ name: `service.${n}`, protocol: n % 2 === 0 ? 'http' : 'dubbo' }),
    register: (key, instances) => {
      for (const one of instances) {
        const id = `plain-${keyText(key)}-${one.host}:${one.port}`
        const rest = { id, health: 'passing', weight: 100 } as const
        backend.register(key, { labels: {}, ...one, ...rest })
      }
      return Promise.resolve()
    },
    deregister: (key, instances) => {
      for (const { host, port } of instances) {
        backend.deregister(key, `plain-${keyText(key)}-${host}:${port}`)
      }
      return Promise.resolve()
    },
    list: (key) =>
      Promise.resolve(backend.instances(key).map(({ host, port }) => `${host}:${port}`)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}

describeRegistryContract('memory, records that stay', () => makeHarness('record'))
describeRegistryContract('memory, records that end with a session', () => makeHarness('session'))
