import { isHost } from './dubbo-url.ts'
import { isObject, parseObject, portOf, textsOf } from './json.ts'

/** What Curator's service discovery stores as JSON, as far as anybody reads it. */
export interface CuratorInstance {
  readonly host: string
  readonly port: number
  /** Whether the only port is the one for TLS. */
  readonly secure: boolean
  readonly enabled: boolean
  /** `@class` of the payload: the Java class that its readers must be able to load. */
  readonly payloadClass: string | undefined
  readonly metadata: ReadonlyMap<string, string>
}

/** What is written of an instance. */
export interface CuratorRecord {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly port: number
  readonly payloadClass: string
  readonly metadata: ReadonlyMap<string, string>
}

// Spring Cloud makes the URI of an instance from this; without it the URI is empty.
const URI_SPEC = JSON.stringify({
  parts: [
    { value: 'scheme', variable: true },
    { value: '://', variable: false },
    { value: 'address', variable: true },
    { value: ':', variable: false },
    { value: 'port', variable: true },
  ],
})

/**
 * Reads one instance, whatever class wrote its payload. undefined when the bytes are no JSON
 * object or name no address.
 */
export function parseCuratorJson(data: Buffer): CuratorInstance | undefined {
  const outer = parseObject(data)
  if (!outer) return undefined
  const { address, port, sslPort, payload, enabled } = outer
  const plain = portOf(port)
  const usable = plain ?? portOf(sslPort)
  if (typeof address !== 'string' || !isHost(address) || usable === undefined) return undefined
  const inner = isObject(payload) ? payload : {}
  return {
    host: address,
    port: usable,
    secure: plain === undefined,
    enabled: enabled !== false, // left out by writers in compatible mode: then it is
    payloadClass: typeof inner['@class'] === 'string' ? inner['@class'] : undefined,
    metadata: textsOf(inner['metadata']),
  }
}

/**
 * The fields of Curator's compatible serializer in its order. The time of registration is
 * constant: the same instance is the same bytes after every restart.
 */
export function formatCuratorJson(record: CuratorRecord): Buffer {
  const { id, name, host, port, payloadClass } = record
  const metadata = Object.fromEntries([...record.metadata].sort(([a], [b]) => (a < b ? -1 : 1)))
  const text = JSON.stringify({
    name,
    id,
    address: host,
    port,
    sslPort: null,
    payload: { '@class': payloadClass, id, name, metadata },
    registrationTimeUTC: 0,
    serviceType: 'DYNAMIC',
  })
  return Buffer.from(`${text.slice(0, -1)},"uriSpec":${URI_SPEC}}`)
}
