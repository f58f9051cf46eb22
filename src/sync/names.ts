import { createHash } from 'node:crypto'
import type { DirectionName } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Origin, ServiceKey } from '../registry/model.ts'

/** What a service is called on the other side, decided from these alone. */
export interface Named {
  /** As its own side calls it. */
  readonly key: ServiceKey
  /** Present when gateways brought it to its own side. */
  readonly origin?: Origin
  /** The label `interface` that all its instances share: what Dubbo consumers ask for. */
  readonly interface?: string
}

export interface NameRules {
  readonly direction: DirectionName
  /** Exact name on its own side -> name on the other side. */
  readonly overrides: ReadonlyMap<string, string>
  /** Whether the target can hold a service of this key. */
  readonly accepts: (key: ServiceKey) => boolean
}

/** Protocols whose consumers choose by group and version; both are part of their keys everywhere. */
const RPC = new Set(['dubbo', 'tri'])
const LONGEST_LABEL = 63 // one label of a DNS name, RFC 1035
const HASH_DIGITS = 8

/**
 * The key of a service in the target registry. An override wins; a service that came from the
 * target's world in the first place gets the name back that it has there; else the default.
 */
export function targetKeyOf(service: Named, rules: NameRules): ServiceKey {
  const { key, origin } = service
  const override = rules.overrides.get(key.name)
  if (override !== undefined) return named(rules.direction, key, override)
  if (origin && isFromTargetWorld(origin) && rules.accepts(origin.key)) return origin.key
  if (rules.direction === 'legacy-to-mesh') return named(rules.direction, key, dnsLabel(key))
  const asked = RPC.has(key.protocol) ? service.interface : undefined
  return asked ? { ...key, name: asked } : key
}

/** Every gateway joins a legacy and a mesh registry: after an odd number of them, one more leads home. */
function isFromTargetWorld({ path }: Origin): boolean {
  const gateways = (path.length + 1) / 2
  return gateways % 2 === 1
}

/** In a mesh the name alone tells services apart; group and version are keys for RPC only. */
function named(direction: DirectionName, key: ServiceKey, name: string): ServiceKey {
  const whole = direction === 'mesh-to-legacy' || RPC.has(key.protocol)
  return whole ? { ...key, name } : { name, protocol: key.protocol }
}

/** `com.acme.FooService` 1.0.0 in group blue -> `com-acme-fooservice-blue-v1-0-0` */
function dnsLabel(key: ServiceKey): string {
  const group = key.group === undefined ? '' : `-${key.group}`
  const version = key.version === undefined ? '' : `-v${key.version}`
  const label = `${key.name}${group}${version}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  if (label !== '' && label.length <= LONGEST_LABEL) return label
  const hash = createHash('sha256').update(keyText(key)).digest('hex').slice(0, HASH_DIGITS)
  const head = label.slice(0, LONGEST_LABEL - 1 - HASH_DIGITS).replace(/-$/, '')
  return head === '' ? `s-${hash}` : `${head}-${hash}`
}

/**
 * The place in the target that only one service may take. In a mesh that is the name, whatever
 * the protocol, and names that differ in case are one; a legacy registry holds every key apart.
 */
export function placeOf(direction: DirectionName, key: ServiceKey): string {
  return direction === 'legacy-to-mesh' ? key.name.toLowerCase() : keyText(key)
}
