import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Server } from 'node-zookeeper-client'
import type { Log } from '../../../src/kernel/log.ts'
import { Lull } from '../../../src/kernel/lull.ts'
import type { Metrics } from '../../../src/kernel/metrics.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import type { ServiceKey } from '../../../src/registry/model.ts'
import { GarbageBook } from './garbage.ts'
import type { LayoutName, ReadLayout } from './layout.ts'
import { zookeeperLayouts } from './layouts.ts'
import { zookeeperCounters } from './metrics.ts'
import { ownership } from './ownership.ts'
import { purge } from './purge.ts'
import { ZookeeperSink } from './sink.ts'
import { ZookeeperSource } from './source.ts'
import { ensembleOf, type EnsembleOptions } from '../../connections/zookeeper/ensemble.ts'
import { Supervisor } from '../../connections/zookeeper/supervisor.ts'

export interface ZookeeperOptions extends EnsembleOptions {
  readonly name: string
  /** Comes before all roots. */
  readonly chroot?: string | undefined
  readonly layouts: {
    readonly read: readonly LayoutName[]
    readonly http: LayoutName
    readonly rpc: LayoutName
  }
  /** What gateways keep for themselves: claims and leases. */
  readonly ownRoot?: string | undefined
  readonly dubboRoot: string
  readonly curatorRoot: string
  readonly curatorPayloadClass: string
}

export interface ZookeeperDeps {
  /** This gateway: only what carries its name, or its cluster's, is changed or removed. */
  readonly owner: string
  /** The identity that its replicas share; absent is that of the gateway alone. */
  readonly cluster?: string
  readonly log: Log
  readonly metrics?: Metrics | undefined
  /** Writes of the gateway, into all its registries: what can wait is done in their pauses. */
  readonly writes?: Lull | undefined
}

const RPC = new Set(['dubbo', 'tri'])
const VERSION_MS = 2_000

/** One ZooKeeper ensemble as a registry. Connects when it is first used. */
export function openZookeeperRegistry(options: ZookeeperOptions, deps: ZookeeperDeps): Registry {
  const { name, chroot = '', sessionTimeoutMs } = options
  const { owner, cluster } = deps
  const log = deps.log.child({ registry: name })
  const counters = zookeeperCounters(deps.metrics, name)
  const ensemble = ensembleOf(options)
  const { reads, writes, leavings } = zookeeperLayouts({
    read: options.layouts.read,
    dubboRoot: chroot + options.dubboRoot,
    curatorRoot: chroot + options.curatorRoot,
    curatorPayloadClass: options.curatorPayloadClass,
  })
  const supervisor = new Supervisor(ensemble, log, counters)
  const own = ownership({ supervisor, owner, log, sessionTimeoutMs }, options)
  const { writes: pauses = new Lull() } = deps
  const source = new ZookeeperSource({
    supervisor,
    reads,
    writes: pauses,
    owner,
    cluster,
    log,
    garbage: new GarbageBook(log, () => counters.garbage()),
    unreadable: () => counters.unreadable(),
  })
  return {
    ...own.ports,
    name,
    kind: 'zookeeper',
    source,
    sink: new ZookeeperSink({
      supervisor,
      owner,
      cluster,
      log,
      layouts: Object.values(writes),
      layoutFor: ({ protocol }: ServiceKey) =>
        writes[RPC.has(protocol) ? options.layouts.rpc : options.layouts.http],
      roomFor: (layout, service) => source.roomFor(layout, service),
      connectMs: sessionTimeoutMs,
      guard: own.guard,
      writes: pauses,
    }),
    purge: async (whose, { dryRun }, signal) => {
      const connection = await supervisor.connected(signal)
      return await purge(connection, whose, [...leavings, own.leavings], { dryRun, signal })
    },
    describe: async (signal) => await describe(supervisor, reads.layouts, ensemble.servers, signal),
    [Symbol.asyncDispose]: async () => {
      await supervisor[Symbol.asyncDispose]()
      await own[Symbol.asyncDispose]()
    },
  }
}

/** `ZooKeeper 3.8.0 at host:2181, dubbo: 12 interfaces, curator: 3 services`. */
async function describe(
  supervisor: Supervisor,
  layouts: readonly ReadLayout[],
  servers: readonly Server[],
  signal: AbortSignal,
): Promise<string> {
  const connection = await supervisor.connected(signal)
  const counts = await Promise.all(
    layouts.map(async (layout) => {
      const { name, root } = layout
      const children = (await connection.children(root)) ?? []
      const names = children.filter((child) => layout.nameOf(child) !== undefined)
      return `${name}: ${names.length} ${name === 'dubbo' ? 'interfaces' : 'services'}`
    }),
  )
  const version = await firstVersion(servers, signal)
  const at = servers.map(({ host, port }) => `${host}:${port}`).join(',')
  return [`ZooKeeper ${version === undefined ? '' : `${version} `}at ${at}`, ...counts].join(', ')
}

/** The version by the four-letter word `srvr`, which a server may not allow: then undefined. */
async function firstVersion(
  servers: readonly Server[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, timeLimit(VERSION_MS)])
  const answers = servers.map(async ({ host, port }) => {
    const socket = connect({ host, port, signal: limit })
    socket.end('srvr')
    const match = /^Zookeeper version: (\d[\d.]*)/m.exec(await text(socket))
    if (!match) throw new Error('no version')
    return match[1]
  })
  return await Promise.any(answers).catch(() => undefined)
}
