import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Server } from 'node-zookeeper-client'
import type { Log } from '../../../src/kernel/log.ts'
import type { Metrics } from '../../../src/kernel/metrics.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import type { ServiceKey } from '../../../src/registry/model.ts'
import { curatorLayout } from './curator-layout.ts'
import { dubboLayout } from './dubbo-layout.ts'
import { GarbageBook } from './garbage.ts'
import type { Layout, LayoutName } from './layout.ts'
import { zookeeperCounters } from './metrics.ts'
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
  readonly dubboRoot: string
  readonly curatorRoot: string
  readonly curatorPayloadClass: string
}

export interface ZookeeperDeps {
  /** This gateway: only what carries its name is changed or removed. */
  readonly owner: string
  readonly log: Log
  readonly metrics?: Metrics | undefined
}

const RPC = new Set(['dubbo', 'tri'])
const VERSION_MS = 2_000

/** One ZooKeeper ensemble as a registry. Connects when it is first used. */
export function openZookeeperRegistry(options: ZookeeperOptions, deps: ZookeeperDeps): Registry {
  const { name, chroot = '', sessionTimeoutMs } = options
  const { owner } = deps
  const log = deps.log.child({ registry: name })
  const counters = zookeeperCounters(deps.metrics, name)
  const ensemble = ensembleOf(options)
  const layouts: Record<LayoutName, Layout> = {
    dubbo: dubboLayout(chroot + options.dubboRoot),
    curator: curatorLayout(chroot + options.curatorRoot, options.curatorPayloadClass),
  }
  const supervisor = new Supervisor(ensemble, log, counters)
  return {
    name,
    kind: 'zookeeper',
    source: new ZookeeperSource({
      supervisor,
      layouts: options.layouts.read.map((layout) => layouts[layout]),
      owner,
      log,
      garbage: new GarbageBook(log, () => counters.garbage()),
    }),
    sink: new ZookeeperSink({
      supervisor,
      owner,
      log,
      layouts: Object.values(layouts),
      layoutFor: ({ protocol }: ServiceKey) =>
        layouts[RPC.has(protocol) ? options.layouts.rpc : options.layouts.http],
      connectMs: sessionTimeoutMs,
    }),
    describe: async (signal) => {
      const read = options.layouts.read.map((layout) => layouts[layout])
      return await describe(supervisor, read, ensemble.servers, signal)
    },
    [Symbol.asyncDispose]: async () => {
      await supervisor[Symbol.asyncDispose]()
    },
  }
}

/** `ZooKeeper 3.8.0 at host:2181, dubbo: 12 interfaces, curator: 3 services`. */
async function describe(
  supervisor: Supervisor,
  layouts: readonly Layout[],
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
  const limit = AbortSignal.any([signal, AbortSignal.timeout(VERSION_MS)])
  const answers = servers.map(async ({ host, port }) => {
    const socket = connect({ host, port, signal: limit })
    socket.end('srvr')
    const match = /^Zookeeper version: (\d[\d.]*)/m.exec(await text(socket))
    if (!match) throw new Error('no version')
    return match[1]
  })
  return await Promise.any(answers).catch(() => undefined)
}
