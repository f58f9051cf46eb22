import type { Registry } from '../../../src/registry/ports.ts'
import { altered } from './altered.ts'
import { unevenPace } from './observed-backend.ts'

/** As Dubbo's: another content is another record, beside the one before. What is there is told late. */
export function dubboLike(pace: () => Promise<void>): (registry: Registry) => Registry {
  return (registry) =>
    altered(registry, {
      sink: {
        normalize: (key, one) => {
          const read = registry.sink.normalize(key, one)
          return { ...read, id: `${read.id}?${one.labels['team'] ?? ''}&${one.weight}` }
        },
      },
      source: {
        watch: async function* (signal) {
          for await (const event of registry.source.watch(signal)) {
            await pace()
            yield event
          }
        },
      },
    })
}

/** Now and then of more turns than there are between two steps. */
export function latePace(seed: number): () => Promise<void> {
  return unevenPace(seed, 40)
}
