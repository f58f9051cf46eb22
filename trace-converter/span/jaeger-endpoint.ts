import { ipv4OfNumber, isIpv4, isIpv6 } from './address.ts'
import { textAttribute } from './attribute.ts'
import { present } from './json.ts'
import type { Attribute, AttributeValue, Endpoint } from './model.ts'
import type { TagBag } from './tag-bag.ts'
import { intOf, textOf } from './tag-bag.ts'

/**
 * Who did the work: the service and the process tag `ip`. The tag is taken out where it is a
 * text, as our encoder writes it; in Jaeger v1's form, a number, it stays and is only read.
 */
export function takeLocal(serviceName: string | undefined, process: TagBag): Endpoint {
  const ip = process.take('ip', addressOf)
  const hostIp = process.peek('host.ip')
  if (ip !== undefined && hostIp?.value === ip) process.take('host.ip', textOf)
  const number = process.peek('ip')
  return present<Endpoint>({
    service: serviceName,
    ipv4: ip === undefined ? number && ipv4Of(number) : v4(ip),
    ipv6: ip === undefined || isIpv4(ip) ? undefined : ip,
    port: undefined,
  })
}

/** `host.ip` too: Jaeger v2 tells hosts apart by it before it corrects their clocks. */
export function localTags(local: Endpoint, process: readonly Attribute[]): readonly Attribute[] {
  const ip = local.ipv4 ?? local.ipv6
  if (ip === undefined || process.some((tag) => tag.key === 'ip')) return []
  const hasHost = process.some((tag) => tag.key === 'host.ip')
  return [textAttribute('ip', ip), ...(hasHost ? [] : [textAttribute('host.ip', ip)])]
}

/** The peer as OpenTracing's tags say it. Values in other forms stay tags and are only read. */
export function takeRemote(tags: TagBag): Endpoint | undefined {
  const endpoint = present<Endpoint>({
    service: tags.take('peer.service', textOf),
    ipv4: takeOrPeek(tags, 'peer.ipv4', ipv4OfInt, ipv4Of),
    ipv6: takeOrPeek(tags, 'peer.ipv6', ipv6Of, () => undefined),
    port: takeOrPeek(tags, 'peer.port', portOf, portOfText),
  })
  return Object.keys(endpoint).length === 0 ? undefined : endpoint
}

export function remoteTags(
  remote: Endpoint | undefined,
  tags: readonly Attribute[],
): readonly Attribute[] {
  const { service, ipv4, ipv6, port } = remote ?? {}
  const written: Attribute[] = []
  if (service) written.push(textAttribute('peer.service', service))
  if (ipv4 && isIpv4(ipv4)) {
    const value = ipv4.split('.').reduce((bits, part) => bits * 256 + Number(part), 0)
    written.push({ key: 'peer.ipv4', value: { type: 'int64', value } })
  }
  if (ipv6) written.push(textAttribute('peer.ipv6', ipv6))
  if (port) written.push({ key: 'peer.port', value: { type: 'int64', value: port } })
  return written.filter(({ key }) => !tags.some((tag) => tag.key === key))
}

function takeOrPeek<T>(
  tags: TagBag,
  key: string,
  take: (value: AttributeValue) => T | undefined,
  read: (value: AttributeValue) => T | undefined,
): T | undefined {
  const value = tags.peek(key)
  return tags.take(key, take) ?? (value && read(value))
}

function v4(ip: string): string | undefined {
  return isIpv4(ip) ? ip : undefined
}

function addressOf(value: AttributeValue): string | undefined {
  const text = textOf(value)
  return text !== undefined && (isIpv4(text) || isIpv6(text)) ? text : undefined
}

/** Unsigned only: a signed one, read alike, would be written back otherwise. */
function ipv4OfInt(value: AttributeValue): string | undefined {
  const number = intOf(value)
  return number === undefined || number < 0 ? undefined : ipv4OfNumber(number)
}

function ipv4Of(value: AttributeValue): string | undefined {
  const number = intOf(value)
  if (number !== undefined) return ipv4OfNumber(number)
  const text = textOf(value)
  return text === undefined ? undefined : v4(text)
}

function ipv6Of(value: AttributeValue): string | undefined {
  const text = textOf(value)
  return text !== undefined && isIpv6(text) ? text : undefined
}

function portOf(value: AttributeValue): number | undefined {
  const port = intOf(value)
  return port !== undefined && port > 0 && port < 65_536 ? port : undefined
}

function portOfText(value: AttributeValue): number | undefined {
  const port = Number(textOf(value) ?? Number.NaN)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
