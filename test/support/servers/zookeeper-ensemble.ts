import { join } from 'node:path'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { freePorts } from './free-port.ts'
import type { RealServer } from './real-server.ts'
import { startZookeeper, statusOf } from './zookeeper.ts'

/** Servers that elect one leader among them. */
export interface ZookeeperEnsemble extends AsyncDisposable {
  readonly servers: readonly RealServer[]
  /** `host:port` of each server. */
  readonly addresses: readonly string[]
  /** Where the leader is among `servers`; undefined while there is none. */
  leader(): Promise<number | undefined>
  /** The last lines that each server printed. */
  tails(): string
}

interface EnsembleOptions {
  /**
   * Puts something between the first server and each of the others, as a leader: given its
   * address, returns the one to use. The first server is not elected as long as all others are up.
   */
  readonly between?: (address: string) => Promise<string>
  /** A folder of the caller's: each server has its data in a folder there, named after its number. */
  readonly folder?: string
}

interface Ports {
  readonly client: number
  readonly quorum: number
  readonly election: number
}

const TICK_MS = 200
/** Long enough for a follower to lag by, short enough to be noticed by a test that goes wrong. */
const SYNC_LIMIT_TICKS = 100
/** So long an election waits for who does not come, before it is held again. */
const INIT_LIMIT_TICKS = 40

export async function startZookeeperEnsemble(
  size: number,
  { between, folder }: EnsembleOptions = {},
): Promise<ZookeeperEnsemble> {
  const life = new Lifetime()
  const free = await freePorts(3 * size)
  const members = Array.from({ length: size }, (_, n): Ports => {
    const [client = 0, quorum = 0, election = 0] = free.slice(3 * n, 3 * n + 3)
    return { client, quorum, election }
  })
  const start = async ({ client }: Ports, n: number): Promise<RealServer> => {
    const extraConfig = {
      initLimit: INIT_LIMIT_TICKS,
      syncLimit: SYNC_LIMIT_TICKS,
      preAllocSize: 256,
      ...(await namesFor(n, members, between)),
    }
    const data = folder === undefined ? {} : { dataDir: join(folder, String(n)) }
    const common = { tickTimeMs: TICK_MS, port: client, id: n + 1, extraConfig }
    return life.use(await startZookeeper({ ...common, ...data }))
  }
  try {
    const servers = await Promise.all(members.map(start))
    return {
      servers,
      addresses: servers.map(({ address }) => address),
      leader: async () => {
        const leads = await Promise.all(members.map(({ client }) => isLeader(client)))
        const at = leads.indexOf(true)
        return at < 0 ? undefined : at
      },
      tails: () => servers.map((server, n) => `server ${n}:\n${server.tail()}`).join('\n'),
      [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
    }
  } catch (error) {
    await life[Symbol.asyncDispose]()
    throw error
  }
}

/** The lines by which server `n` knows all of them. */
async function namesFor(
  n: number,
  members: readonly Ports[],
  between: EnsembleOptions['between'],
): Promise<Readonly<Record<string, string>>> {
  const lines = members.map(async ({ quorum, election }, m): Promise<[string, string]> => {
    const address = `127.0.0.1:${quorum}`
    const used = n === 0 && m > 0 && between ? await between(address) : address
    return [`server.${m + 1}`, `${used}:${election}`]
  })
  return Object.fromEntries(await Promise.all(lines))
}

async function isLeader(port: number): Promise<boolean> {
  const status = await statusOf(port, AbortSignal.timeout(2_000)).catch(() => '')
  return /^Mode: leader/m.test(status)
}
