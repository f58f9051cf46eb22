import type { Registry } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import { MemorySink } from './sink.ts'
import { MemorySource } from './source.ts'

/**
 * One gateway's registry on a shared backend, with a session of its own that ends when it is
 * closed.
 */
export function openMemoryRegistry(
  { name }: { readonly name: string },
  { owner, backend }: { readonly owner: string; readonly backend: MemoryBackend },
): Registry {
  const session = backend.openSession()
  return {
    name,
    kind: 'memory',
    source: new MemorySource(backend, session),
    sink: new MemorySink(owner, backend, session),
    describe: () => Promise.resolve(`memory, ${backend.keys().length} services`),
    [Symbol.asyncDispose]: () => {
      backend.closeSession(session)
      return Promise.resolve()
    },
  }
}
