import { keyText, parseKeyText } from '../../../src/registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry, SourceEvent } from '../../../src/registry/ports.ts'
import { Gateway } from './gateway.ts'
import type { GatewaySetup } from './gateway.ts'
import { ObservedBackend, unevenPace } from './observed-backend.ts'

/** Which registries a gateway joins; several of one side as `a+b`. */
export interface Link {
  readonly owner: string
  readonly legacy: string
  readonly mesh: string
}

/** Several registries joined by several gateways, in whatever shape. */
export class Ring implements AsyncDisposable {
  readonly registries = new Map<string, ObservedBackend>()
  readonly gateways: readonly Gateway[]

  constructor(links: readonly Link[], setup: Partial<GatewaySetup> = {}, seed = 1) {
    this.gateways = links.map(({ owner, legacy, mesh }) => {
      const side = (names: string): GatewaySetup['legacy'] =>
        names.split('+').map((name) => ({ name, backend: this.#registry(name, seed) }))
      return new Gateway({ owner, legacy: side(legacy), mesh: side(mesh), ...setup })
    })
  }

  registry(name: string): ObservedBackend {
    const backend = this.registries.get(name)
    if (!backend) throw new Error(`no registry ${name}`)
    return backend
  }

  isSettled(): boolean {
    return this.gateways.every((gateway) => gateway.isSettled())
  }

  writes(): number {
    return [...this.registries.values()].reduce((sum, { writes }) => sum + writes, 0)
  }

  /** Everything that gateways have written anywhere. */
  exports(): readonly string[] {
    return [...this.registries].flatMap(([name, backend]) =>
      backend
        .dump()
        .filter((line) => line.includes('.test:'))
        .map((line) => `${name} ${line}`),
    )
  }

  /**
   * Follows every way that a request for `key` in `registry` can take through the gateways, and
   * returns the hosts at which it ends. Throws when it can go round.
   */
  ends(registry: string, key: ServiceKey, seen: readonly string[] = []): ReadonlySet<string> {
    const instances = this.registry(registry).instances(key)
    return new Set(instances.flatMap((instance) => [...this.#endsBehind(instance, seen)]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.gateways) await gateway[Symbol.asyncDispose]()
  }

  #endsBehind({ host, port }: Instance, seen: readonly string[]): ReadonlySet<string> {
    const address = `${host}:${port}`
    const gateway = this.gateways.find(({ exposure }) => exposure.ledger.has(address))
    if (!gateway) return new Set([address])
    if (seen.includes(address)) throw new Error(`goes round: ${[...seen, address].join(' -> ')}`)
    const endpoints = gateway.exposure.behind({ host, port })
    return new Set(endpoints.flatMap((one) => [...this.#endsBehind(one, [...seen, address])]))
  }

  #registry(name: string, seed: number): ObservedBackend {
    const pace = unevenPace(seed + this.registries.size)
    const backend = this.registries.get(name) ?? new ObservedBackend({ pace })
    this.registries.set(name, backend)
    return backend
  }
}

export function keyOf(text: string): ServiceKey {
  const key = parseKeyText(text)
  if (!key) throw new Error(`no key: ${text}`)
  return key
}

/** A registry that shows no marks, as one that has no room for them or lost them. */
export function withoutMarks(registry: Registry): Registry {
  const strip = (instance: Instance): Instance => {
    const copy: { -readonly [K in keyof Instance]: Instance[K] } = { ...instance }
    delete copy.origin
    return copy
  }
  const stripRecord = <T extends { readonly instances: readonly Instance[] }>(record: T): T => ({
    ...record,
    instances: record.instances.map(strip),
  })
  const stripEvent = (event: SourceEvent): SourceEvent => {
    if (event.kind === 'snapshot') return { ...event, records: event.records.map(stripRecord) }
    return event.kind === 'upsert' ? { ...event, record: stripRecord(event.record) } : event
  }
  const { source } = registry
  return {
    ...withSink(registry, {
      normalize: (key, instance) => strip(registry.sink.normalize(key, instance)),
    }),
    source: {
      resync: () => source.resync(),
      async *watch(signal) {
        for await (const event of source.watch(signal)) yield stripEvent(event)
      },
    },
  }
}

/** A registry whose ids tell nothing. */
export function withoutIds(registry: Registry): Registry {
  return withSink(registry, { recognizes: () => false })
}

function withSink(registry: Registry, part: Partial<Registry['sink']>): Registry {
  const { sink } = registry
  return {
    ...registry,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    sink: {
      apply: (change, signal) => sink.apply(change, signal),
      normalize: (key, instance) => sink.normalize(key, instance),
      accepts: (key) => sink.accepts(key),
      recognizes: (owner, key, instance) => sink.recognizes(owner, key, instance),
      ...part,
    },
  }
}

export function textsOf(backend: ObservedBackend): readonly KeyText[] {
  return backend.keys().map(keyText).sort()
}
