import { setOwn } from '../kernel/set-own.ts'
import type { Address } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, Origin, ServiceKey } from '../registry/model.ts'
import type { Found } from './merge.ts'
import { USUAL_WEIGHT } from './unsaid.ts'

/** Change with every start of a process: written on, they would make every start a change. */
const VOLATILE_LABELS = new Set(['timestamp', 'pid'])

/**
 * The record that stands for a service on the other side, all but its id. `found` are the
 * instances behind it, not empty. The same ones in any order within their registries give the same
 * record. It says of weight, zone and labels what all of them say; where they differ it has the
 * usual weight and no zone. A sum of weights would be the better share of the traffic, but each
 * instance more or less would rewrite the record, and Dubbo consumers connect anew to what was.
 */
export function standIn(
  owner: string,
  key: ServiceKey,
  found: readonly Found[],
  address: Address,
): Omit<Instance, 'id'> {
  const endpoints = found.map(({ instance }) => instance)
  const zone = shared(endpoints.map((endpoint) => endpoint.zone))
  return {
    host: address.host,
    port: address.port,
    health: endpoints.some(({ health }) => health === 'passing') ? 'passing' : 'warning',
    weight: shared(endpoints.map(({ weight }) => weight)) ?? USUAL_WEIGHT,
    labels: sharedLabels(endpoints),
    origin: carriedOrigin(owner, key, found),
    ...(zone !== undefined && { zone }),
  }
}

/**
 * The record that shows one instance to the other side at its own address, all but its id. It says
 * all that the instance says: what starts with it, as its time stamp, is its own here.
 */
export function asItIs(cluster: string, key: ServiceKey, found: Found): Omit<Instance, 'id'> {
  const { host, port, health, weight, zone, labels } = found.instance
  return {
    ...{ host, port, health, weight, labels },
    ...(zone !== undefined && { zone }),
    origin: carriedOrigin(cluster, key, [found]),
  }
}

/** The one value, when it is the same for all. */
function shared<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined
}

/** What all of them say, in order of name. */
function sharedLabels(instances: readonly Instance[]): Readonly<Record<string, string>> {
  const [first] = instances
  const said = first?.labels ?? {}
  const shared: Record<string, string> = {}
  for (const name of Object.keys(said).sort()) {
    if (VOLATILE_LABELS.has(name)) continue
    const value = said[name] ?? ''
    if (instances.every(({ labels }) => labels[name] === value)) setOwn(shared, name, value)
  }
  return shared
}

/**
 * Those that came the shortest way: a registry's own instances if there are any, else what the
 * fewest gateways brought. To prefer anything else can go round for ever: with longer ways
 * preferred, three gateways in a ring, each with instances of its own, never agree. And as each
 * record's way is longer by one than that of what lies behind it, no request can go round.
 */
export function nearest(found: readonly Found[]): readonly Found[] {
  const shortest = found.reduce((least, one) => Math.min(least, steps(one)), Infinity)
  if (found.every((one) => steps(one) === shortest)) return found
  return found.filter((one) => steps(one) === shortest)
}

/** Whether it came by no longer a way than `others`, all of which are equally near. */
export function isAsNear(one: Found, [other]: readonly Found[]): boolean {
  return other !== undefined && steps(one) === steps(other)
}

function steps({ instance }: Found): number {
  return instance.origin?.path.length ?? 0
}

/** Where a service comes from that stands for these, all of them equally near. */
export function originOf(found: readonly Found[]): Origin | undefined {
  return brought(found)[0]?.origin
}

/** Those that gateways brought, by a fixed order of their ways. */
function brought(found: readonly Found[]): readonly { origin: Origin; registry: string }[] {
  const all: { origin: Origin; registry: string }[] = []
  for (const { instance, registry } of found) {
    if (instance.origin) all.push({ origin: instance.origin, registry })
  }
  return all.length < 2 ? all : all.sort((a, b) => (wayText(a) < wayText(b) ? -1 : 1))
}

function wayText({ origin, registry }: { origin: Origin; registry: string }): string {
  return [origin.registry, keyText(origin.key), ...origin.path, registry].join(' ')
}

/** What is registered in several registries was, so it is said, first in the first of them. */
function carriedOrigin(owner: string, key: ServiceKey, found: readonly Found[]): Origin {
  const [first] = brought(found)
  if (!first) return { owner, registry: found[0]?.registry ?? '', key, path: [owner] }
  const { origin, registry } = first
  return {
    owner,
    registry: origin.registry,
    key: origin.key,
    path: [...origin.path, registry, owner],
  }
}
