import { keyText } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import { leaseOf, MemoryLease } from './lease.ts'
import { claimOf, MemoryPresence } from './presence.ts'
import { MemorySink } from './sink.ts'
import { MemorySource } from './source.ts'

interface MemoryDeps {
  readonly owner: string
  /** The identity that replicas share; absent is that of the gateway. */
  readonly cluster?: string
  readonly backend: MemoryBackend
}

/**
 * One gateway's registry on a shared backend, with a session of its own that ends when it is
 * closed.
 */
export function openMemoryRegistry(
  { name }: { readonly name: string },
  { owner, cluster = owner, backend }: MemoryDeps,
): Registry {
  const session = backend.openSession()
  const sink = new MemorySink(new Set([owner, cluster]), backend, session)
  return {
    name,
    kind: 'memory',
    source: new MemorySource(backend, session),
    sink,
    presence: new MemoryPresence(owner, backend, session),
    lease: (lease) => new MemoryLease(lease, backend, session),
    purge: async (whose, { dryRun }, signal) => {
      await backend.pace()
      signal.throwIfAborted()
      return purge(backend, sink, whose, dryRun)
    },
    describe: () => Promise.resolve(`memory, ${backend.keys().length} services`),
    [Symbol.asyncDispose]: () => {
      backend.closeSession(session)
      return Promise.resolve()
    },
  }
}

function purge(
  backend: MemoryBackend,
  sink: MemorySink,
  owner: string,
  dryRun: boolean,
): readonly string[] {
  const records = backend.keys().flatMap((key) =>
    backend
      .instances(key)
      .filter((one) => (one.origin ? one.origin.owner === owner : sink.recognizes(owner, key, one)))
      .map(({ id }) => ({ key, id })),
  )
  const held = [claimOf(owner), leaseOf(owner)].filter((place) => backend.elections.holder(place))
  if (!dryRun) {
    for (const { key, id } of records) backend.remove(key, id)
    for (const place of held) backend.elections.free(place)
  }
  return [...records.map(({ key, id }) => `${keyText(key)} ${id}`), ...held]
}
