import { setOwn } from '../../../src/kernel/set-own.ts'
import {
  parseKeyText,
  type Health,
  type Instance,
  type Origin,
  type ServiceKey,
} from '../../../src/registry/model.ts'
import { HIDING_CHECK } from './hiding.ts'
import { instanceId } from './ids.ts'
import { CONNECT, isKeyPart, isRpc, MARK, PATH_SEPARATOR, PROTOCOL, ZONE } from './marks.ts'
import { OWN_PREFIX, unescapeKey, unpackMeta, type Meta } from './meta.ts'
import { joinTags } from './tags.ts'
import { fromWireWeight } from './weight.ts'
import type { Entry } from './wire.ts'

export interface ReadEntry {
  readonly key: ServiceKey
  readonly instance: Instance
}

/** How entries are read that do not say everything about themselves. */
export interface ReadingRules {
  /** Protocol of a service whose metadata has no `protocol`. */
  readonly defaultProtocol: string
  /**
   * This gateway's own node. What hides a gateway's entries from others says nothing about them to
   * itself: it takes them over as they are.
   */
  readonly ownNode: string
}

/**
 * The service and the instance that one entry of Consul stands for. undefined for what is not an
 * application's: sidecars and gateways of Consul's mesh (entries with a Kind), and entries whose
 * port nobody can call, which the catalog takes.
 */
export function readEntry(entry: Entry, rules: ReadingRules): ReadEntry | undefined {
  const { Node, Service, Checks } = entry
  if (Service.Kind || !isPort(Service.Port)) return undefined
  const meta = unpackMeta(Service.Meta ?? {})
  const key = readKey(Service.Service, meta, rules.defaultProtocol)
  const isOwn = Node.Node === rules.ownNode
  const checks = Checks ?? []
  const health = worst(isOwn ? checks.filter(({ CheckID }) => CheckID !== HIDING_CHECK) : checks)
  const weights = Service.Weights ?? { Passing: 1, Warning: 1 }
  const wire = health === 'warning' ? weights.Warning : weights.Passing
  const zone = meta[ZONE]
  const origin = readOrigin(meta)
  const labels = readLabels(key, meta, Service.Tags ?? [])
  const instance = {
    id: instanceId(Node.Node, Service.ID),
    host: orElse(Service.Address, Node.Address),
    port: Service.Port,
    health,
    weight: fromWireWeight(wire, meta[MARK.weight]),
    labels: Service.Connect?.Native ? { [CONNECT]: 'native', ...labels } : labels,
    ...(zone !== undefined && { zone }),
    ...(origin && { origin }),
  }
  return { key, instance }
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}

function readKey(name: string, meta: Meta, defaultProtocol: string): ServiceKey {
  const protocol = orElse(meta[PROTOCOL]?.toLowerCase(), defaultProtocol)
  const { group, version } = isRpc(protocol) ? meta : {}
  return {
    name,
    protocol,
    ...(group && { group }),
    ...(version && { version }),
  }
}

/** Consul's empty texts stand for absent ones. */
function orElse(text: string | null | undefined, instead: string): string {
  return text === null || text === undefined || text === '' ? instead : text
}

/** Unknown words count as critical: nothing says that traffic may go there. */
function worst(checks: readonly { readonly Status: string }[]): Health {
  if (checks.some(({ Status }) => Status !== 'passing' && Status !== 'warning')) return 'critical'
  return checks.some(({ Status }) => Status === 'warning') ? 'warning' : 'passing'
}

function readOrigin(meta: Meta): Origin | undefined {
  const owner = meta[MARK.owner]
  const registry = meta[MARK.registry]
  const key = parseKeyText(meta[MARK.key] ?? '')
  const path = meta[MARK.path]?.split(PATH_SEPARATOR)
  if (!owner || !registry || !key || !path) return undefined
  return { owner, registry, key, path }
}

/** A service's own metadata is taken as it stands; only what a gateway wrote is escaped. */
function readLabels(key: ServiceKey, meta: Meta, tags: readonly string[]): Meta {
  const isOurs = MARK.owner in meta
  const labels: Record<string, string> = {}
  for (const name of Object.keys(meta)) {
    if (name === PROTOCOL || name === ZONE || name.startsWith(OWN_PREFIX)) continue
    if (isKeyPart(key.protocol, name)) continue
    setOwn(labels, isOurs ? unescapeKey(name) : name, meta[name] ?? '')
  }
  if (tags.length > 0) labels['tags'] = joinTags(tags)
  return labels
}
