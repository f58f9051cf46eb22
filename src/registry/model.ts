/**
 * The model that both sides' registries are read into and written from. A value that has left
 * its maker is shared: change by copy.
 */

/**
 * What a consumer asks for. Two services with the same name and another group, version or
 * protocol are different services: a Dubbo consumer of 1.0.0 must never reach 2.0.0, and an
 * absent version is not `0.0.0`.
 */
export interface ServiceKey {
  readonly name: string
  readonly group?: string
  readonly version?: string
  readonly protocol: Protocol
}

/** Lower-case scheme: `http`, `grpc`, `dubbo`, `tri`, `tcp`, … Only `http` is parsed at the edge. */
export type Protocol = string

/** One text per ServiceKey and the other way round; for maps, queues and logs. */
export type KeyText = string & { readonly brand: 'KeyText' }

/**
 * `dubbo:com.acme.FooService:1.0.0@blue` with `:version` and `@group` only when present.
 * `%`, `:` and `@` inside a part are percent-encoded, so the text is unambiguous.
 */
export function keyText(key: ServiceKey): KeyText {
  const known = TEXTS.get(key)
  if (known !== undefined) return known
  const text = formatKey(key)
  TEXTS.set(key, text)
  return text
}

/** Keys are shared and never changed, and each is asked for its text dozens of times. */
const TEXTS = new WeakMap<ServiceKey, KeyText>()

function formatKey(key: ServiceKey): KeyText {
  const version = key.version === undefined ? '' : `:${escapePart(key.version)}`
  const group = key.group === undefined ? '' : `@${escapePart(key.group)}`
  return `${escapePart(key.protocol)}:${escapePart(key.name)}${version}${group}` as KeyText
}

/** `known` where it says the same: what reads thousands of instances keeps one key a service. */
export function sharedKey(known: ServiceKey | undefined, key: ServiceKey): ServiceKey {
  const same =
    known?.name === key.name &&
    known.protocol === key.protocol &&
    known.group === key.group &&
    known.version === key.version
  return same ? known : key
}

const SPECIAL = /[%:@]/

function escapePart(part: string): string {
  if (!SPECIAL.test(part)) return part
  return part.replace(/[%:@]/g, (char) => encodeURIComponent(char))
}

/** The inverse of {@link keyText}; undefined when the text has not its shape. */
export function parseKeyText(text: string): ServiceKey | undefined {
  const match = /^([^:@]+):([^:@]+)(?::([^:@]*))?(?:@([^:@]*))?$/.exec(text)
  if (!match) return undefined
  try {
    const [protocol, name, version, group] = match
      .slice(1)
      .map((part) => (part as string | undefined) && decodeURIComponent(part))
    if (!protocol || !name) return undefined
    return {
      name,
      protocol,
      ...(version === undefined ? {} : { version }),
      ...(group === undefined ? {} : { group }),
    }
  } catch {
    return undefined // a stray `%`
  }
}

export type Health = 'passing' | 'warning' | 'critical'

/**
 * Who keeps a record alive. `record`: it stays until removed (Consul, files, persistent znodes).
 * `this-session` / `other-session`: it dies with the session that wrote it; one of ours under
 * another session must be taken over before that session ends.
 */
export type KeptBy = 'record' | 'this-session' | 'other-session'

/** One running copy of a service, at one address. */
export interface Instance {
  /** Unique within its registry and service: a znode name, `node/ServiceID`, … */
  readonly id: string
  /** IPv4, IPv6 (no brackets) or a host name. */
  readonly host: string
  readonly port: number
  readonly health: Health
  /** Relative share of traffic; 100 is usual; 0 means no traffic. */
  readonly weight: number
  readonly zone?: string
  /** Everything else that was registered: Dubbo parameters, Consul metadata, Curator metadata. */
  readonly labels: Readonly<Record<string, string>>
  /** Present exactly when a gateway wrote this record and its mark is still readable. */
  readonly origin?: Origin
  /** Absent is `record`. */
  readonly keptBy?: KeptBy
}

/** Who first registered what a gateway wrote, and the way it has come. */
export interface Origin {
  /** Identity of the gateway that wrote this record. It alone may change or remove it. */
  readonly owner: string
  /** Name of the registry where the service was first registered, the same on every gateway. */
  readonly registry: string
  /** The service as it is called there. */
  readonly key: ServiceKey
  /**
   * The way it has come from `registry` on: gateway, registry, gateway, … and last `owner`. With
   * the registries between, a gateway beside another one sees that a service has been there.
   */
  readonly path: readonly string[]
}

/** Everything one registry says about one service. `instances` is in order of id. */
export interface ServiceRecord {
  readonly key: ServiceKey
  readonly instances: readonly Instance[]
}

/** Whether traffic may go there: passing or warning, with a weight above 0. */
export function isUsable({ health, weight }: Pick<Instance, 'health' | 'weight'>): boolean {
  return health !== 'critical' && weight > 0
}

/** Whether both say the same, whatever the order of their labels. `keptBy` does not count. */
export function sameInstance(a: Instance, b: Instance): boolean {
  return a === b || (a.id === b.id && sameContent(a, b))
}

/** The same of what has no id yet. */
export function sameContent(a: Omit<Instance, 'id'>, b: Omit<Instance, 'id'>): boolean {
  return (
    a.host === b.host &&
    a.port === b.port &&
    a.health === b.health &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    sameLabels(a.labels, b.labels) &&
    sameOrigin(a.origin, b.origin)
  )
}

function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  )
}

function sameOrigin(a: Origin | undefined, b: Origin | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b
  return (
    a.owner === b.owner &&
    a.registry === b.registry &&
    keyText(a.key) === keyText(b.key) &&
    a.path.join(' ') === b.path.join(' ')
  )
}
