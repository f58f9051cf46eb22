import type { Instance, KeptBy, ServiceKey } from '../../../src/registry/model.ts'
import { clampWeight, healthOf, USUAL_WEIGHT, weightOf } from './dubbo-params.ts'
import {
  formatDubboUrl,
  javaDecode,
  javaEncode,
  parseDubboUrl,
  survivesUrl,
  wellFormed,
  type DubboUrl,
} from './dubbo-url.ts'
import { instanceIn, type Layout, type Reading } from './layout.ts'
import {
  bridgeHash,
  escapeMark,
  isMark,
  labelsIn,
  marksOf,
  originOf,
  unescapeMark,
  ZONE,
} from './marks.ts'

/** Dubbo keeps its own things beside the interfaces. */
const NOT_INTERFACES = new Set(['config', 'metadata', 'mapping'])
/** Our id. Not one of the marks: it must be readable when they are gone. */
const BRIDGE = 'bridge'
/** Parameters that the model says in a field of its own. */
const FIELDS = new Set(['group', 'version', 'weight', 'enabled', 'disabled', BRIDGE])
/** Parameters that what we write always has. */
const FIXED = new Set(['interface', 'side', 'dynamic', 'category'])

/** Dubbo's interface level: `<root>/<interface>/providers/<provider URL>`, data without meaning. */
export function dubboLayout(root: string): Layout {
  return {
    name: 'dubbo',
    root,
    named: true,
    nameOf,
    folder: (name) => folderIn(root, name),
    path: (name, child) => `${folderIn(root, name)}/${child}`,
    decode: (name, child) => decode(name, child),
    // A provider's znode lives with its session unless it says otherwise.
    keeperOf: ({ instance }): KeptBy =>
      instance.labels['dynamic'] === 'false' ? 'record' : 'other-session',
    encode: (key, instance) => ({
      child: javaEncode(formatDubboUrl(urlOf(key, instance))),
      data: Buffer.alloc(0),
    }),
    decodeOwn: (key, { child }) => instanceIn(decode(key.name, child)),
    recognizes: (owner, key, child) => recognizes(owner, key, child),
    accepts,
  }
}

function folderIn(root: string, name: string): string {
  return `${root}/${javaEncode(name)}/providers`
}

/** A name in another spelling than Dubbo's is no interface that a Dubbo consumer would find. */
function nameOf(child: string): string | undefined {
  const name = NOT_INTERFACES.has(child) ? undefined : javaDecode(child)
  return name !== undefined && javaEncode(name) === child ? name : undefined
}

function decode(name: string, child: string): Reading {
  const text = javaDecode(child)
  const url = text === undefined ? undefined : parseDubboUrl(text)
  if (!url) return { kind: 'garbage', reason: 'not a provider URL' }
  return decodedOf(name, url)
}

function decodedOf(name: string, url: DubboUrl): Reading {
  const { params } = url
  const group = params.get('group')
  const version = params.get('version')
  const zone = unescapeZone(params.get(ZONE))
  const origin = originOf(params)
  return {
    kind: 'instance',
    key: {
      name, // the parent's word: `interface` and the path may differ from it
      protocol: url.protocol,
      ...(group && { group }),
      ...(version && { version }), // absent is not 0.0.0
    },
    instance: {
      host: url.host,
      port: url.port,
      health: healthOf(params),
      weight: weightOf(params.get('weight')),
      labels: labelsIn(params, FIELDS),
      ...(zone !== undefined && { zone }),
      ...(origin && { origin }),
    },
  }
}

function urlOf(key: ServiceKey, instance: Omit<Instance, 'id'>): DubboUrl {
  const params = new Map(
    Object.entries(instance.labels).filter(
      ([name, value]) =>
        !FIELDS.has(name) && !FIXED.has(name) && !isMark(name) && survivesUrl(name, value),
    ),
  )
  for (const [name, value] of ownParams(key, instance)) params.set(name, value)
  const { host, port } = instance
  return { protocol: key.protocol, host, port, path: key.name, params }
}

function ownParams(key: ServiceKey, instance: Omit<Instance, 'id'>): [string, string][] {
  const { origin, zone, host, port } = instance
  const weight = clampWeight(instance.weight)
  return [
    ['interface', key.name],
    ['side', 'provider'],
    ['dynamic', 'true'],
    ['category', 'providers'],
    ...optional('group', key.group),
    ...optional('version', key.version),
    ...optional('weight', weight === USUAL_WEIGHT ? undefined : String(weight)),
    ...optional('enabled', instance.health === 'critical' ? 'false' : undefined),
    ...optional(ZONE, zone && escapeMark(zone)),
    ...optional(BRIDGE, origin && bridgeHash(origin.owner, key, host, port)),
    ...Object.entries(origin ? marksOf(origin) : {}),
  ]
}

function optional(name: string, value: string | undefined): [string, string][] {
  return value ? [[name, value]] : []
}

function unescapeZone(text: string | undefined): string | undefined {
  try {
    return unescapeMark(text)
  } catch {
    return undefined
  }
}

function recognizes(owner: string, key: ServiceKey, child: string): boolean {
  if (!child.includes(`${BRIDGE}%3D`)) return false // most znodes, without parsing them
  const url = parseDubboUrl(javaDecode(child) ?? '')
  if (!url) return false
  return url.params.get(BRIDGE) === bridgeHash(owner, key, url.host, url.port)
}

function accepts(key: ServiceKey): true | string {
  if (!/^[a-z][a-z0-9+.-]*$/.test(key.protocol)) return 'the protocol is no URL scheme'
  if (key.name === '' || key.name === '*') return 'Dubbo reads this name as any interface'
  if (NOT_INTERFACES.has(key.name)) return 'Dubbo keeps something else under this name'
  if (/^\.\.?$/.test(key.name) || /[?&;]/.test(key.name)) return 'the name does not fit in a URL'
  if (key.name !== wellFormed(key.name)) return 'the name is no text'
  for (const part of [key.group, key.version]) {
    if (
      part !== undefined &&
      (!survivesUrl('part', part) || part !== wellFormed(part) || part === '*')
    )
      return 'the group or the version does not fit in a URL'
  }
  return true
}
