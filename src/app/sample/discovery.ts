/** A registry as a plain service uses it: its own client library, nothing of Isthmus. */
export interface Discovery extends AsyncDisposable {
  register(service: string, host: string, port: number): Promise<void>
  /** `host:port` of one instance; undefined when there is none. */
  lookup(service: string): Promise<string | undefined>
}

/** `file:/folder`, `zookeeper://host:port` or `consul://host:port`. */
export async function openDiscovery(url: string): Promise<Discovery> {
  const { protocol, host, pathname } = new URL(url)
  switch (protocol) {
    case 'file:':
      return (await import('./file-discovery.ts')).fileDiscovery(pathname)
    case 'zookeeper:':
      return (await import('./zookeeper-discovery.ts')).zookeeperDiscovery(host)
    case 'consul:':
      return (await import('./consul-discovery.ts')).consulDiscovery(host)
    default:
      throw new TypeError(`${url}: use file:, zookeeper: or consul:`)
  }
}

export function pick<T>(candidates: readonly T[]): T | undefined {
  return candidates[Math.floor(Math.random() * candidates.length)]
}
