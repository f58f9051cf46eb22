import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePorts } from './free-port.ts'
import { serverPrograms } from './programs.ts'
import { type RealServer, startServer } from './real-server.ts'

export interface ZookeeperOptions {
  /** The server's heartbeat: sessions expire in steps of it. 500 by default. */
  readonly tickTimeMs?: number
  /** A folder of the caller's, kept afterwards; default: one that goes with the server. */
  readonly dataDir?: string
  /** Where clients connect; default: a free port. */
  readonly port?: number
  /** Its number in an ensemble. */
  readonly id?: number
  /** Further settings of zoo.cfg, such as `maxClientCnxns` or `server.1`. */
  readonly extraConfig?: Readonly<Record<string, string | number | boolean>>
}

/** A standalone ZooKeeper on a free port of 127.0.0.1. Sessions last from 200 ms to 60 s. */
export async function startZookeeper(options: ZookeeperOptions = {}): Promise<RealServer> {
  const { java, zookeeper } = serverPrograms()
  const port = options.port ?? (await freePorts(1))[0] ?? 0
  const folder = await mkdtemp(join(tmpdir(), `isthmus-zookeeper-${process.pid}-`))
  const dataDir = options.dataDir ?? join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  if (options.id !== undefined) await writeFile(join(dataDir, 'myid'), String(options.id))
  await writeFile(join(folder, 'zoo.cfg'), zooCfg(port, dataDir, options))
  return startServer({
    name: 'ZooKeeper',
    address: `127.0.0.1:${port}`,
    command: java.command,
    args: [...JVM, '-cp', zookeeper.classpath, MAIN, join(folder, 'zoo.cfg')],
    folder,
    ready: (signal) => servedVersion(port, signal),
  })
}

const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'

/** A small, quickly started JVM. The logger is told its level: its default may be silence or debug. */
const JVM = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  // A vote that got lost is cast again after a second; by default that may be a minute later.
  '-Dzookeeper.fastleader.maxNotificationInterval=1000',
]

function zooCfg(port: number, dataDir: string, options: ZookeeperOptions): string {
  const settings = {
    tickTime: options.tickTimeMs ?? 500,
    minSessionTimeout: 200,
    maxSessionTimeout: 60_000,
    dataDir,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr',
    ...options.extraConfig,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** `srvr` names version and mode, and says so when the server does not serve requests yet. */
async function servedVersion(port: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await statusOf(port, signal)
  if (!/^Mode: /m.test(answer)) return undefined
  return /^Zookeeper version: ([\d.]+)/m.exec(answer)?.[1]
}

/** What a server answers to the four-letter word `srvr`. */
export async function statusOf(port: number, signal: AbortSignal): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', signal })
  try {
    await once(socket, 'connect', { signal })
    socket.end('srvr')
    return await text(socket)
  } finally {
    socket.destroy()
  }
}
