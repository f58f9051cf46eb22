import { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { Lull } from '../../../src/kernel/lull.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { ConsulHttp } from '../../connections/consul/http.ts'
import type { ConnectionOptions } from '../../connections/consul/options.ts'
import { Catalog } from './catalog.ts'
import { newHolder } from './claims.ts'
import { nodeOf } from './ids.ts'
import { ConsulLease } from './lease.ts'
import { OwnRecords } from './own-records.ts'
import { ConsulPresence } from './presence.ts'
import { purge } from './purge.ts'
import { ConsulSink } from './sink.ts'
import { ConsulSource } from './source.ts'
import { Transactions } from './txn.ts'
import { parseLeader, parseSelf } from './wire.ts'

/** Lists that are followed beside the services: names, critical and warning checks. */
const FOLLOWED_LISTS = 3
/** Other gateways' claims, and a lease. */
const OTHER_WAITS = 2
const DEFAULT_MAX_WATCHES = 64

export interface ConsulOptions extends ConnectionOptions {
  readonly name: string
  /** Protocol of a service whose metadata has no `protocol`. */
  readonly defaultProtocol: string
  /** Longest wait of one blocking query. */
  readonly waitMs: number
  /**
   * Services that are followed by a query, and so a connection, of their own: 64 unless said. An
   * agent grants one client 200 connections (`limits.http_max_conns_per_client`), and counts twice
   * as many as there are while a session follows another: docs/decisions/005-consul-watch.md.
   */
  readonly maxWatches?: number | undefined
}

export interface ConsulDeps {
  readonly owner: string
  /** The identity that its replicas share; absent is that of the gateway alone. */
  readonly cluster?: string
  readonly log: Log
  /** Writes of the gateway, into all its registries: what can wait is done in their pauses. */
  readonly writes?: Lull | undefined
}

/** A Consul datacenter as a registry. Opening does no I/O. */
export function openConsulRegistry(
  options: ConsulOptions,
  { owner, cluster, log, writes = new Lull() }: ConsulDeps,
): Registry {
  const maxWatches = options.maxWatches ?? DEFAULT_MAX_WATCHES
  const http = new ConsulHttp({
    ...options,
    blockingConnections: maxWatches + FOLLOWED_LISTS + OTHER_WAITS,
  })
  const catalog = new Catalog(http, {
    defaultProtocol: options.defaultProtocol,
    ownNode: nodeOf(owner),
  })
  const owners = new Set([owner, cluster ?? owner])
  const own = new OwnRecords(owners, writes)
  const child = log.child({ registry: options.name })
  const closing = new AbortController()
  const self = newHolder(owner)
  const presence = new ConsulPresence(http, self, options.waitMs, child)
  const terms = new Lifetime()
  const transactions = new Transactions(http, closing.signal)
  return {
    name: options.name,
    kind: 'consul',
    source: new ConsulSource(catalog, { ...options, maxWatches }, own, child),
    sink: new ConsulSink(owners, catalog, transactions, own),
    presence,
    lease: (name) => new ConsulLease(name, { http, self, log: child, terms }),
    purge: (whose, how, signal) => purge(http, whose, how, signal),
    describe: (signal) => describe(options.url, catalog, signal),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await terms[Symbol.asyncDispose]()
      await presence[Symbol.asyncDispose]()
      await http[Symbol.asyncDispose]()
    },
  }
}

async function describe(url: string, catalog: Catalog, signal: AbortSignal): Promise<string> {
  const { names } = await catalog.names(signal)
  const version = await readVersion(catalog.http, signal)
  const leader = parseLeader((await catalog.http.get('/status/leader', {}, signal)).text)
  const known = leader === '' ? 'no leader' : 'leader ok'
  return `Consul${version} at ${url}, ${known}, ${names.length} services`
}

/** Left out where the token may read services and nothing of the agent. */
async function readVersion(http: ConsulHttp, signal: AbortSignal): Promise<string> {
  try {
    return ` ${parseSelf((await http.get('/agent/self', {}, signal)).text).Config.Version}`
  } catch {
    signal.throwIfAborted()
    return ''
  }
}
