import { createHash } from 'node:crypto'
import type { CuratorInstance } from './curator-json.ts'
import { isObject, parseObject, portOf, textsOf } from './json.ts'

/** The class that Dubbo's consumers load: without it they do not start. */
const PAYLOAD_CLASS = 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance'
const ENDPOINTS = 'dubbo.endpoints'
const REVISION = 'dubbo.metadata.revision'
const STORAGE = 'dubbo.metadata.storage-type'
const NOTHING_EXPORTED = '0'

/** One provider as Dubbo 3 registers it: what it serves is in the metadata of its revision. */
export interface ApplicationInstance {
  readonly host: string
  readonly port: number
  readonly enabled: boolean
  /** Ports by protocol, lower case. */
  readonly ports: ReadonlyMap<string, number>
  /** Names the metadata; undefined when it exports nothing. */
  readonly revision: string | undefined
  /** What else it says about itself. */
  readonly metadata: ReadonlyMap<string, string>
}

/** One service in the metadata of an application. */
export interface PublishedService {
  readonly name: string
  readonly group?: string
  readonly version?: string
  readonly protocol: string
  /** Wins over every port of the instance. */
  readonly port?: number
  readonly params: ReadonlyMap<string, string>
}

/** Whether the znode is Dubbo's, beside those of Spring Cloud under the same name. */
export function isDubboApplication({ payloadClass, metadata }: CuratorInstance): boolean {
  return payloadClass?.startsWith('org.apache.dubbo.') ?? metadata.has(REVISION)
}

/** undefined when it names no revision, or none that a znode can have. */
export function applicationOf(json: CuratorInstance): ApplicationInstance | undefined {
  const { host, port, enabled, metadata } = json
  const revision = metadata.get(REVISION)
  if (revision === undefined || !/^[\w-]+$/.test(revision)) return undefined
  return {
    ...{ host, port, enabled },
    ports: portsOf(metadata.get(ENDPOINTS)),
    revision: revision === NOTHING_EXPORTED ? undefined : revision,
    metadata: new Map([...metadata].filter(([name]) => !isInternal(name))),
  }
}

/** What consumers need to reach the instance, and nothing else. */
function isInternal(name: string): boolean {
  return name === ENDPOINTS || name.startsWith('dubbo.metadata')
}

function portsOf(text: string | undefined): Map<string, number> {
  const ports = new Map<string, number>()
  for (const entry of parseList(text)) {
    const { port, protocol } = isObject(entry) ? entry : {}
    const usable = portOf(port)
    if (typeof protocol === 'string' && usable !== undefined)
      ports.set(protocol.toLowerCase(), usable)
  }
  return ports
}

function parseList(text: string | undefined): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value : []
  } catch {
    return [] // then the instance's own port counts
  }
}

/** The services that the metadata of one revision lists; undefined when it is no metadata. */
export function parseMetadata(data: Buffer): readonly PublishedService[] | undefined {
  const services = parseObject(data)?.['services']
  if (!isObject(services)) return undefined
  return Object.values(services).flatMap((service) => {
    const { name, group, version, protocol, port, params } = isObject(service) ? service : {}
    if (typeof name !== 'string' || name === '' || typeof protocol !== 'string') return []
    const own = portOf(port)
    return {
      name,
      protocol: protocol.toLowerCase(),
      ...(typeof group === 'string' && group !== '' ? { group } : {}),
      ...(typeof version === 'string' && version !== '' ? { version } : {}), // absent is not 0.0.0
      ...(own === undefined ? {} : { port: own }),
      params: textsOf(params),
    }
  })
}

/**
 * The metadata of an application with one service, and its revision: a hash of it, so that the
 * same content has the same name for ever. No port: each instance's own counts. `params` is there
 * even when it is empty, since consumers do not start without it.
 */
export function formatMetadata(
  app: string,
  service: PublishedService,
): { readonly revision: string; readonly data: Buffer } {
  const { name, group, version, protocol } = service
  const id = `${group ? `${group}/` : ''}${name}${version ? `:${version}` : ''}:${protocol}`
  const params = inOrder(service.params)
  const services = { [id]: { name, group, version, protocol, path: name, params } }
  const revision = createHash('sha256')
    .update(JSON.stringify({ app, services }))
    .digest('hex')
    .slice(0, 32)
  return { revision, data: Buffer.from(JSON.stringify({ app, revision, services })) }
}

export interface ApplicationRecord {
  readonly app: string
  readonly id: string
  readonly host: string
  readonly port: number
  readonly protocol: string
  readonly revision: string
  readonly metadata: ReadonlyMap<string, string>
}

/** The fields as Dubbo orders them. Always `remote`: else consumers would dial the address for metadata. */
export function formatApplicationInstance(record: ApplicationRecord): Buffer {
  const { app: name, id, host: address, port, protocol, revision } = record
  const metadata = {
    ...inOrder(record.metadata),
    [ENDPOINTS]: JSON.stringify([{ port, protocol }]),
    [REVISION]: revision,
    [STORAGE]: 'remote',
  }
  return Buffer.from(
    JSON.stringify({
      ...{ name, id, address, port, sslPort: null },
      payload: { '@class': PAYLOAD_CLASS, id, name, metadata },
      ...{ registrationTimeUTC: 0, serviceType: 'DYNAMIC', uriSpec: null },
    }),
  )
}

function inOrder(params: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...params].sort(([a], [b]) => (a < b ? -1 : 1)))
}
