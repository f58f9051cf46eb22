import type { Registry } from '../../../src/registry/ports.ts'
import { altered } from './altered.ts'
import { unevenPace } from './observed-backend.ts'

/** As Dubbo's: another content is another record, beside the one before. What is there is told late. */
export function dubboLike(pace: () => Promise<void>): (registry: Registry) => Registry {
  return (registry) => {
    let asked = 0
    return altered(registry, {
      sink: {
        normalize: (key, one) => {
          const read = registry.sink.normalize(key, one)
          return { ...read, id: `${read.id}?${one.labels['team'] ?? ''}&${one.weight}` }
        },
      },
      source: {
        resync: () => {
          asked += 1
          registry.source.resync()
        },
        watch: async function* (signal) {
          for await (const event of registry.source.watch(signal)) {
            const before = asked
            await pace()
            // A complete read that was asked for begins after that.
            if (event.kind !== 'snapshot' || asked === before) yield event
          }
        },
      },
    })
  }
}

/** Now and then of more turns than there are between two steps. */
export function latePace(seed: number): () => Promise<void> {
  return unevenPace(seed, 40)
}
