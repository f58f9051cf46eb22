import type { Address } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, Origin, ServiceKey } from '../registry/model.ts'

/** Change with every start of a process: written on, they would make every start a change. */
const VOLATILE_LABELS = new Set(['timestamp', 'pid'])

/** Who writes what it read where. */
export interface Carrier {
  readonly owner: string
  /** Name of the registry that was read. */
  readonly registry: string
}

/**
 * The record that stands for a service on the other side, all but its id. `endpoints` are the
 * instances behind it, not empty. The same endpoints in any order give the same record.
 */
export function standIn(
  carrier: Carrier,
  key: ServiceKey,
  endpoints: readonly Instance[],
  address: Address,
): Omit<Instance, 'id'> {
  return {
    host: address.host,
    port: address.port,
    health: endpoints.some(({ health }) => health === 'passing') ? 'passing' : 'warning',
    weight: 100,
    labels: sharedLabels(endpoints),
    origin: carriedOrigin(carrier, key, endpoints),
  }
}

/** The value that all of them have under `name`. */
export function sharedLabel(instances: readonly Instance[], name: string): string | undefined {
  const value = instances[0]?.labels[name]
  return instances.every(({ labels }) => labels[name] === value) ? value : undefined
}

/** What all of them say, in order of name. */
function sharedLabels(instances: readonly Instance[]): Readonly<Record<string, string>> {
  const [first, ...others] = instances
  return Object.fromEntries(
    Object.entries(first?.labels ?? {})
      .filter(([name]) => !VOLATILE_LABELS.has(name))
      .filter(([name, value]) => others.every(({ labels }) => labels[name] === value))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/**
 * Those that came the shortest way: a registry's own instances if there are any, else what the
 * fewest gateways brought. To prefer anything else can go round for ever: with longer ways
 * preferred, three gateways in a ring, each with instances of its own, never agree. And as each
 * record's way is longer by one than that of what lies behind it, no request can go round.
 */
export function nearest(instances: readonly Instance[]): readonly Instance[] {
  const shortest = instances.reduce((least, one) => Math.min(least, steps(one)), Infinity)
  return instances.filter((instance) => steps(instance) === shortest)
}

function steps({ origin }: Instance): number {
  return origin?.path.length ?? 0
}

/** Where a service comes from that stands for these, all of them equally near. */
export function originOf(instances: readonly Instance[]): Origin | undefined {
  return instances
    .flatMap(({ origin }) => origin ?? [])
    .sort((a, b) => (originText(a) < originText(b) ? -1 : 1))[0]
}

function originText({ registry, key, path }: Origin): string {
  return [registry, keyText(key), ...path].join(' ')
}

function carriedOrigin(
  { owner, registry }: Carrier,
  key: ServiceKey,
  endpoints: readonly Instance[],
): Origin {
  const origin = originOf(endpoints)
  if (!origin) return { owner, registry, key, path: [owner] }
  return {
    owner,
    registry: origin.registry,
    key: origin.key,
    path: [...origin.path, registry, owner],
  }
}
