import type { buildConnector } from 'undici'

/** How to reach a Consul datacenter. */
export interface ConnectionOptions {
  readonly url: string
  readonly token?: string | undefined
  /** File that holds the token, instead of `token`; read again when it changes. */
  readonly tokenFile?: string | undefined
  readonly datacenter?: string | undefined
  /** Of Consul Enterprise. */
  readonly namespace?: string | undefined
  /** Of Consul Enterprise. */
  readonly partition?: string | undefined
  readonly tls?: TlsOptions | undefined
}

/** For `https:`. Each of the first three is PEM text. */
export interface TlsOptions {
  /** Who may vouch for the server, in place of the system's list. */
  readonly ca?: string | undefined
  /** What this client shows of itself. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the server's certificate must have, where that is not its address. */
  readonly serverName?: string | undefined
}

/** What Consul Enterprise divides a datacenter into, as it stands on what is written. */
export interface Place {
  readonly Namespace?: string
  readonly Partition?: string
}

export function tlsOf({ ca, cert, key, serverName }: TlsOptions = {}): buildConnector.BuildOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

/** Goes along with every request: the datacenter, and where in it. */
export function queryOf({
  datacenter,
  namespace,
  partition,
}: Omit<ConnectionOptions, 'url'>): Readonly<Record<string, string>> {
  return {
    ...(datacenter === undefined ? {} : { dc: datacenter }),
    ...(namespace === undefined ? {} : { ns: namespace }),
    ...(partition === undefined ? {} : { partition }),
  }
}

export function placeOf({ namespace, partition }: Omit<ConnectionOptions, 'url'>): Place {
  return {
    ...(namespace === undefined ? {} : { Namespace: namespace }),
    ...(partition === undefined ? {} : { Partition: partition }),
  }
}
