import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * How the gateway takes part in the traces of requests. `span`: spans of its own, where somebody
 * takes them; `forward`: ids go on as they came; `restart`: a new trace, which names the caller's;
 * `ignore`: the caller's trace headers count for nothing.
 */
export type Participation = 'span' | 'forward' | 'restart' | 'ignore'

/** The shape of `tracing.fromLegacy` and `tracing.fromMesh` in the configuration. */
export interface ParticipationOptions {
  readonly mode: Exclude<Participation, 'ignore'>
  /** Networks (CIDR) whose trace headers are believed. Absent: everybody's. */
  readonly trusted?: readonly string[] | undefined
  /** What happens to those of everybody else. */
  readonly untrusted: Extract<Participation, 'restart' | 'ignore'>
}

/** How to take part in a request by the address that it came from. */
export type ParticipationOf = (host: string | undefined) => Participation

export function participationOf({
  mode,
  trusted,
  untrusted,
}: ParticipationOptions): ParticipationOf {
  if (trusted === undefined) return () => mode
  const networks = new BlockList()
  for (const network of trusted) {
    const [address = '', bits] = network.split('/')
    networks.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return (host) => (isWithin(networks, host) ? mode : untrusted)
}

/** Whoever comes from nowhere is not trusted. `::ffff:10.0.0.1` counts as the IPv4 address. */
function isWithin(networks: BlockList, host: string | undefined): boolean {
  if (host === undefined) return false
  const address = host.split('%', 1)[0] ?? host
  if (isIPv4(address)) return networks.check(address, 'ipv4')
  return isIPv6(address) && networks.check(address, 'ipv6')
}
