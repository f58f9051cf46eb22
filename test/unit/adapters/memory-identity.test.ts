import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { leaseOf } from '../../../adapters/registries/memory/lease.ts'
import { claimOf } from '../../../adapters/registries/memory/presence.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { describeLeaseContract } from '../../contract/lease.ts'
import { describePresenceContract, type PresenceHarness } from '../../contract/presence.ts'

function makePresence(): Promise<PresenceHarness> {
  const backend = new MemoryBackend()
  const holder = (owner: string) => backend.elections.holder(claimOf(owner))
  return Promise.resolve({
    open: (owner) => openMemoryRegistry({ name: 'memory' }, { owner, backend }),
    abandon: () => Promise.resolve(),
    lapse: (owner) => {
      backend.elections.free(claimOf(owner))
      return Promise.resolve()
    },
    holder: (owner) => Promise.resolve(holder(owner) && String(holder(owner)?.id)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}

describePresenceContract('memory', makePresence, {
  skip: [
    {
      test: 'what a killed process of this machine left is taken over at once',
      reason: 'a memory ends with its process',
    },
  ],
})

describeLeaseContract('memory', () => {
  const backend = new MemoryBackend()
  return Promise.resolve({
    open: (owner) => openMemoryRegistry({ name: 'memory' }, { owner, backend }),
    key: (n) => ({ name: `service.${n}`, protocol: 'http' }),
    list: (key) =>
      Promise.resolve(backend.instances(key).map(({ host, port }) => `${host}:${port}`)),
    lapse: (name) => {
      backend.elections.free(leaseOf(name))
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
})
