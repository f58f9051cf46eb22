import { isIpv4, isIpv6 } from './address.ts'
import { textAttribute } from './attribute.ts'
import { present } from './json.ts'
import type { Attribute, AttributeValue, Endpoint } from './model.ts'
import type { TagBag } from './tag-bag.ts'
import { intOf, textOf } from './tag-bag.ts'

/** Who did the work: `service.name`, and `host.ip` where it names one address a family. */
export function takeResource(resource: TagBag): Endpoint {
  const ips = resource.take('host.ip', ownAddresses) ?? addressesOf(resource.peek('host.ip'))
  return present<Endpoint>({
    service: resource.take('service.name', textOf),
    ipv4: ips.find(isIpv4),
    ipv6: ips.find(isIpv6),
    port: undefined,
  })
}

/** `service.name` first, as every exporter writes it. */
export function resourceAttributes(
  local: Endpoint,
  process: readonly Attribute[],
): readonly Attribute[] {
  const service = local.service === undefined ? [] : [textAttribute('service.name', local.service)]
  const ips = [local.ipv4, local.ipv6].flatMap((ip) => ip ?? [])
  const known = ips.length === 0 || process.some((tag) => tag.key === 'host.ip')
  const value = ips.map((ip) => ({ type: 'string', value: ip }) as const)
  return [
    ...service,
    ...process,
    ...(known ? [] : [{ key: 'host.ip', value: { type: 'list', value } } as const]),
  ]
}

/**
 * The peer by today's names. The names of before 1.21 (`net.peer.*`) and those of Zipkin's
 * exporters stay attributes and are only read.
 */
export function takePeer(tags: TagBag): Endpoint | undefined {
  const address =
    tags.take('network.peer.address', addressOf) ?? addressesOf(tags.peek('net.peer.ip'))[0]
  const endpoint = present<Endpoint>({
    service: tags.take('peer.service', textOf),
    ipv4: address !== undefined && isIpv4(address) ? address : undefined,
    ipv6: address !== undefined && isIpv6(address) ? address : undefined,
    port: tags.take('network.peer.port', portOf) ?? portOf(tags.peek('net.peer.port')),
  })
  return Object.keys(endpoint).length === 0 ? undefined : endpoint
}

export function peerAttributes(
  remote: Endpoint | undefined,
  tags: readonly Attribute[],
): readonly Attribute[] {
  const { service, ipv4, ipv6, port } = remote ?? {}
  const address = ipv4 ?? ipv6
  const written: Attribute[] = []
  if (service) written.push(textAttribute('peer.service', service))
  if (address) written.push(textAttribute('network.peer.address', address))
  if (port) written.push({ key: 'network.peer.port', value: { type: 'int64', value: port } })
  return written.filter(({ key }) => !tags.some((tag) => tag.key === key))
}

/** One IPv4 address, one IPv6 address or both in that order: what we write ourselves. */
function ownAddresses(value: AttributeValue): readonly string[] | undefined {
  if (value.type !== 'list') return undefined
  const ips = addressesOf(value)
  const [first, second, ...more] = ips
  if (first === undefined || ips.length !== value.value.length || more.length > 0) return undefined
  return second === undefined || (isIpv4(first) && isIpv6(second)) ? ips : undefined
}

function addressesOf(value: AttributeValue | undefined): readonly string[] {
  if (value === undefined) return []
  const values = value.type === 'list' ? value.value : [value]
  return values.flatMap((item) => addressOf(item) ?? [])
}

function addressOf(value: AttributeValue): string | undefined {
  const text = textOf(value)
  return text !== undefined && (isIpv4(text) || isIpv6(text)) ? text : undefined
}

function portOf(value: AttributeValue | undefined): number | undefined {
  const port = value && intOf(value)
  return port !== undefined && port > 0 && port < 65_536 ? port : undefined
}
