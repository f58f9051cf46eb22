import type { Registry } from '../../../src/registry/ports.ts'

/** A registry some of whose parts are others. */
export function altered(
  registry: Registry,
  { sink, source }: { sink?: Partial<Registry['sink']>; source?: Partial<Registry['source']> },
): Registry {
  return {
    ...registry,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    source: {
      watch: (signal) => registry.source.watch(signal),
      resync: () => registry.source.resync(),
      ...source,
    },
    sink: {
      normalize: (key, one) => registry.sink.normalize(key, one),
      recognizes: (owner, key, one) => registry.sink.recognizes(owner, key, one),
      accepts: (key) => registry.sink.accepts(key),
      apply: (change, signal) => registry.sink.apply(change, signal),
      ...sink,
    },
  }
}
