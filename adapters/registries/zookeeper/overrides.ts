import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { USUAL_WEIGHT, weightOf } from './dubbo-params.ts'
import { isHost, javaDecode, parseAddress, splitUrl } from './dubbo-url.ts'

/** What an operator has set for providers of an interface, at runtime and beside them. */
export interface Override {
  readonly host: string
  /** undefined: at each of its ports. */
  readonly port: number | undefined
  readonly params: ReadonlyMap<string, string>
  /** Whether it also sets what the provider says itself. */
  readonly always: boolean
}

const ANY_HOST = '0.0.0.0'
const ANY = '*'

/**
 * Reads the name of a child of `<interface>/configurators`; undefined when it does nothing for
 * those who call providers: it is switched off, or is for the consumers of one application.
 */
export function parseOverride(child: string): Override | undefined {
  const { protocol, authority = '', params } = splitUrl(javaDecode(child) ?? '') ?? {}
  if (!params || (protocol !== 'override' && protocol !== 'absent')) return undefined
  if (params.get('enabled') === 'false' || params.get('side') === 'consumer') return undefined
  if (!isAny(params.get('application'))) return undefined
  const address = parseAddress(authority) ?? { host: authority, port: undefined }
  return isHost(address.host) ? { ...address, params, always: protocol === 'override' } : undefined
}

/** In the order in which Dubbo applies them: what is for one host comes after what is for all. */
export function inOrder(overrides: readonly Override[]): readonly Override[] {
  return [...overrides].sort((a, b) => {
    if (a.host !== b.host) return a.host < b.host ? -1 : 1
    return priority(a) - priority(b) || (textOf(a) < textOf(b) ? -1 : 1)
  })
}

/** The instance as its callers are to see it. */
export function overridden(
  key: ServiceKey,
  instance: Instance,
  overrides: readonly Override[],
): Instance {
  const set = new Map<string, string>()
  for (const override of overrides.filter((one) => matches(key, instance, one)))
    for (const [name, value] of override.params)
      if (override.always || !isSaid(instance, name)) set.set(name, value)
  if (set.size === 0) return instance
  const weights = [...set].filter(([name]) => name.endsWith('.weight'))
  return {
    ...instance,
    health: set.get('disabled') === 'true' ? 'critical' : instance.health,
    weight: set.has('weight') ? weightOf(set.get('weight')) : instance.weight,
    labels:
      weights.length > 0 ? { ...instance.labels, ...Object.fromEntries(weights) } : instance.labels,
  }
}

function matches(key: ServiceKey, { host, port }: Instance, override: Override): boolean {
  const { params } = override
  const providers = params.get('providerAddresses')?.split(',')
  return (
    (override.host === ANY_HOST || override.host === host) &&
    (override.port === undefined || override.port === port) &&
    isMeant(params.get('group'), key.group) &&
    isMeant(params.get('version'), key.version) &&
    (providers === undefined ||
      [`${host}:${port}`, ANY_HOST].some((one) => providers.includes(one)))
  )
}

/** By plain equality, as providers are matched: no version is not any version. */
function isMeant(said: string | undefined, own: string | undefined): boolean {
  return said === ANY || (said === '' ? undefined : said) === own
}

function isAny(text: string | undefined): boolean {
  return text === undefined || text === '' || text === ANY
}

function isSaid({ labels, health, weight }: Instance, name: string): boolean {
  if (name === 'weight') return weight !== USUAL_WEIGHT
  return name in labels || (name === 'disabled' && health === 'critical')
}

function priority({ params }: Override): number {
  const number = Number(params.get('priority') ?? 0)
  return Number.isFinite(number) ? number : 0
}

function textOf({ params }: Override): string {
  return [...params].map(([name, value]) => `${name}=${value}`).join('&')
}
