import { createHash } from 'node:crypto'
import type { DirectionName } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { KeyText, Origin, ServiceKey } from '../registry/model.ts'
import type { AskedInterface } from './asked-interface.ts'
import type { NameRules } from './name-rules.ts'

/** What a service is called on the other side, decided from these alone. */
export interface Named {
  /** As its own side calls it. */
  readonly key: ServiceKey
  /** Where it was first registered. */
  readonly registry: string
  /** Present when gateways brought it to its own side. */
  readonly origin?: Origin
  /** What Dubbo consumers ask for. */
  readonly asked?: AskedInterface
}

/** What the rules say of a service, and which of them: for people. */
export type Naming =
  | { readonly kind: 'excluded'; readonly rule: string }
  | {
      readonly kind: 'named'
      readonly target: ServiceKey
      /** The service as its first registry calls it: who stands at a place is known by this. */
      readonly claim: KeyText
      readonly rule: string
    }

/** Protocols whose consumers choose by group and version; both are part of their keys everywhere. */
const RPC = new Set(['dubbo', 'tri'])
const LONGEST_LABEL = 63 // one label of a DNS name, RFC 1035
const HASH_DIGITS = 8
/** The names that it gives are told apart by the whole key where the text does not suffice. */
const WHOLE_KEY = '{name}[-{group}][-v{version}]'

/**
 * The key of a service in the target registry, if it is to go there. An override wins; a service
 * that came from the target's world in the first place gets the name back that it has there; else
 * the template.
 */
export function nameOf(service: Named, rules: NameRules): Naming {
  const { key, origin } = service
  const excluded = exclusion(key.name, rules)
  if (excluded !== undefined) return { kind: 'excluded', rule: excluded }
  const is = (target: ServiceKey, rule: string): Naming => {
    return { kind: 'named', target, claim: keyText(origin?.key ?? key), rule }
  }
  const override = rules.overrides.get(key.name)
  if (override !== undefined) {
    return is(named(rules.direction, key, override), `override ${key.name}`)
  }
  if (origin && isFromTargetWorld(origin) && rules.accepts(origin.key)) {
    return is(origin.key, `its name in ${origin.registry}`)
  }
  const asked =
    rules.direction === 'mesh-to-legacy' && RPC.has(key.protocol) ? service.asked : undefined
  const name = templated(service, asked, rules)
  return is(named(rules.direction, key, name), templateRule(rules, asked))
}

function templateRule({ template }: NameRules, asked: AskedInterface | undefined): string {
  const doubt = asked?.said === undefined ? '' : `, interface ${asked.interface} of ${asked.said}`
  return `template ${template.text}${doubt}`
}

function exclusion(name: string, { include, exclude }: NameRules): string | undefined {
  const excluding = exclude.find(({ matches }) => matches(name))
  if (excluding) return `exclude ${excluding.text}`
  if (include.some(({ matches }) => matches(name))) return undefined
  return `not in include ${include.map(({ text }) => text).join(', ')}`
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

function templated(
  { key, registry }: Named,
  asked: AskedInterface | undefined,
  { direction, template }: NameRules,
): string {
  if (direction === 'mesh-to-legacy') {
    return template.render({ ...key, name: asked?.interface ?? key.name, registry })
  }
  const text = template.render({ ...key, registry })
  return dnsLabel(text, template.text === WHOLE_KEY ? keyText(key) : text)
}

/**
 * `com.acme.FooService-blue-v1.0.0` -> `com-acme-fooservice-blue-v1-0-0`; what is too long, or
 * nothing that a DNS label can hold, is known by the hash of `whole`.
 */
function dnsLabel(text: string, whole: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  if (label !== '' && label.length <= LONGEST_LABEL) return label
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_DIGITS)
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
