import type { RegistryClient } from './registry-client.ts'

/** `file:/folder`, `zookeeper://host:port` or `consul://host:port`. */
export async function openRegistryClient(
  url: string,
  signal: AbortSignal,
): Promise<RegistryClient> {
  const { protocol, host, pathname } = new URL(url)
  switch (protocol) {
    case 'file:':
      return (await import('./file-client.ts')).fileClient(pathname)
    case 'zookeeper:':
      return (await import('./zookeeper-client.ts')).zookeeperClient(host, signal)
    case 'consul:':
      return (await import('./consul-client.ts')).consulClient(host)
    default:
      throw new TypeError(`${url}: use file:, zookeeper: or consul:`)
  }
}
