import type { Health, Instance, ServiceKey } from '../../../src/registry/model.ts'
import { applicationOf, isDubboApplication } from './application-json.ts'
import { formatCuratorJson, parseCuratorJson, type CuratorInstance } from './curator-json.ts'
import { instanceIn, type Decoded, type Layout, type Reading } from './layout.ts'
import { bridgeHash, isMark, labelsIn, marksOf, originOf, ZONE } from './marks.ts'

const STATUS = 'instance_status'
const PROTOCOL = 'protocol'
/** Metadata that the model says in a field of its own. */
const FIELDS = new Set([STATUS, PROTOCOL])
const DEFAULT_PROTOCOL = 'http'
const USUAL_WEIGHT = 100

/** Dubbo's applications share the root, and even a name, with Curator's own instances. */
interface Reads {
  readonly instances: boolean
  readonly applications: boolean
}

/**
 * Curator's service discovery as Spring Cloud uses it: `<root>/<application>/<id>` with JSON.
 * The folder of an application that we write first is a plain persistent znode: the client
 * library cannot create container znodes, so an empty one stays.
 */
export function curatorLayout(
  root: string,
  payloadClass: string,
  reads: Reads = { instances: true, applications: false },
): Layout {
  return {
    name: 'curator',
    root,
    named: false,
    nameOf: (child) => child,
    folder: (name) => `${root}/${name}`,
    path: (name, child) => `${root}/${name}/${child}`,
    decode: (name, _child, data) => decode(name, data, reads),
    keeperOf: () => 'other-session',
    encode: (key, instance) => {
      const child = childFor(key, instance)
      const { host, port } = instance
      const metadata = metadataFor(key, instance)
      const record = { id: child, name: key.name, host, port, payloadClass, metadata }
      return { child, data: formatCuratorJson(record) }
    },
    decodeOwn: (key, { data }) =>
      instanceIn(decode(key.name, data, { instances: true, applications: false })),
    // The prefix first: the hash is worth its price only for what may be ours.
    recognizes: (owner, key, child, { host, port }) =>
      child.startsWith(`isthmus-${owner}-`) &&
      child === `isthmus-${owner}-${bridgeHash(owner, key, host, port)}`,
    accepts,
    // Each reader loads one class, or none where there is no payload; an instance of another one
    // fails it for the whole service.
    clashes: (data) => {
      const there = parseCuratorJson(data)
      return there !== undefined && there.payloadClass !== payloadClass
    },
  }
}

function childFor(key: ServiceKey, { origin, host, port }: Omit<Instance, 'id'>): string {
  const owner = origin?.owner ?? 'nobody'
  return `isthmus-${owner}-${bridgeHash(owner, key, host, port)}`
}

function decode(name: string, data: Buffer | undefined, reads: Reads): Reading {
  const json = data && parseCuratorJson(data)
  if (!json) return { kind: 'garbage', reason: 'not an instance in JSON' }
  if (!isDubboApplication(json))
    return reads.instances
      ? { kind: 'instance', ...decodedOf(name, json) }
      : { kind: 'skipped', reason: 'no Dubbo application' }
  if (!reads.applications) return { kind: 'skipped', reason: 'Dubbo application level' }
  const application = applicationOf(json)
  if (application) return { kind: 'application', application }
  return { kind: 'skipped', reason: 'names no metadata' } // Dubbo before version 3
}

function decodedOf(name: string, json: CuratorInstance): Decoded {
  const { host, port, metadata } = json
  const zone = metadata.get(ZONE)
  const origin = originOf(metadata)
  return {
    key: { name, protocol: protocolOf(json) },
    instance: {
      host,
      port,
      health: healthOf(json),
      weight: USUAL_WEIGHT,
      labels: labelsIn(metadata, FIELDS),
      ...(zone !== undefined && { zone }),
      ...(origin !== undefined && { origin }),
    },
  }
}

function protocolOf({ metadata, secure }: CuratorInstance): string {
  const said = metadata.get(PROTOCOL)?.toLowerCase()
  return said === undefined || said === '' ? (secure ? 'https' : DEFAULT_PROTOCOL) : said
}

/** Spring Cloud sends requests to an instance that is UP or says nothing. */
function healthOf({ enabled, metadata }: CuratorInstance): Health {
  const status = metadata.get(STATUS)?.toUpperCase() ?? 'UP'
  return enabled && status === 'UP' ? 'passing' : 'critical'
}

/** Curator knows neither a weight nor a warning: there is traffic or there is none. */
function metadataFor(key: ServiceKey, instance: Omit<Instance, 'id'>): Map<string, string> {
  const { origin, zone, health, weight } = instance
  const metadata = new Map(
    Object.entries(instance.labels).filter(([label]) => !FIELDS.has(label) && !isMark(label)),
  )
  metadata.set(STATUS, health !== 'critical' && weight > 0 ? 'UP' : 'OUT_OF_SERVICE')
  if (key.protocol !== DEFAULT_PROTOCOL) metadata.set(PROTOCOL, key.protocol)
  if (zone !== undefined) metadata.set(ZONE, zone)
  for (const [mark, value] of Object.entries(origin ? marksOf(origin) : {}))
    metadata.set(mark, value)
  return metadata
}

/** ZooKeeper allows no control characters, surrogates or private use in a path. */
const NOT_IN_PATH = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff/]/

function accepts(key: ServiceKey): true | string {
  if (key.group !== undefined || key.version !== undefined)
    return 'a Curator service has neither group nor version: its readers would mix them'
  if (key.name === '' || /^\.\.?$/.test(key.name) || NOT_IN_PATH.test(key.name))
    return 'the name does not fit in a znode path'
  if (!/^[a-z][a-z0-9+.-]*$/.test(key.protocol)) return 'the protocol is no lower-case URL scheme'
  return true
}
