import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { eventually } from '../eventually.ts'
import { fetch } from '../fetch.ts'
import { freePorts } from './free-port.ts'
import { serverPrograms } from './programs.ts'
import { type RealServer, startServer } from './real-server.ts'

export interface ConsulOptions {
  /** Further settings of the agent's configuration file, such as `limits`; they win. */
  readonly config?: Readonly<Record<string, unknown>>
  /** With which it is seen whether the server serves. */
  readonly token?: string
  /** Beside the port for plain HTTP; `config` says by which certificate. */
  readonly httpsPort?: number
}

/**
 * A single Consul server with a data folder (a `-dev` agent forgets everything when restarted), on
 * free ports of 127.0.0.1.
 */
export async function startConsul(options: ConsulOptions = {}): Promise<RealServer> {
  const { config, token, httpsPort = -1 } = options
  const ports = { ...(await agentPorts()), https: httpsPort }
  return startAgent(ports, { bootstrap_expect: 1, ...config }, token)
}

/** Several Consul servers that elect one of them. */
export interface ConsulCluster extends AsyncDisposable {
  readonly servers: readonly RealServer[]
  /** The one that leads, as the others see it; waits for an election, not for ever. */
  leader(): Promise<RealServer>
  /** Starts an agent that is no server, as one runs on each machine; it is the caller's. */
  startClient(): Promise<RealServer>
}

export async function startConsulCluster(count: number): Promise<ConsulCluster> {
  const ports = await Promise.all(Array.from({ length: count }, agentPorts))
  const retry_join = ports.map(({ serf_lan }) => `127.0.0.1:${serf_lan}`)
  const config = { bootstrap_expect: count, retry_join, retry_interval: '1s' }
  const starts = await Promise.allSettled(ports.map((one) => startAgent(one, config)))
  const servers = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const end = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }
  const failed = starts.find((one) => one.status === 'rejected')
  if (failed) {
    await end()
    throw failed.reason
  }
  const leader = async (): Promise<RealServer> =>
    await eventually('a leader of Consul', async () => {
      const at = await leaderPort(servers)
      return servers[ports.findIndex((one) => one.server === at)]
    })
  const startClient = async (): Promise<RealServer> =>
    startAgent(await agentPorts(), { server: false, retry_join, retry_interval: '1s' })
  return { servers, leader, startClient, [Symbol.asyncDispose]: end }
}

async function leaderPort(servers: readonly RealServer[]): Promise<number> {
  for (const { address } of servers) {
    const answer = await fetch(`${address}/v1/status/leader`).catch(() => undefined)
    const said: unknown = await answer?.json().catch(() => undefined)
    if (typeof said === 'string' && said !== '') return Number(said.split(':').at(-1))
  }
  return 0
}

interface AgentPorts {
  readonly http: number
  /** Absent or -1 is none. */
  readonly https?: number
  readonly serf_lan: number
  readonly server: number
}

async function agentPorts(): Promise<AgentPorts> {
  const [http = 0, serf_lan = 0, server = 0] = await freePorts(3)
  return { http, serf_lan, server }
}

async function startAgent(
  ports: AgentPorts,
  settings: Readonly<Record<string, unknown>>,
  token = '',
): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), `isthmus-consul-${process.pid}-`))
  const config = {
    ...agentConfig(join(folder, 'data'), ports.server),
    ports: { https: -1, ...ports, dns: -1, grpc: -1, serf_wan: -1 },
    ...settings,
  }
  await writeFile(join(folder, 'agent.json'), JSON.stringify(config))
  const address = `http://127.0.0.1:${ports.http}`
  return startServer({
    name: 'Consul',
    address,
    command: serverPrograms().consul.command,
    args: ['agent', '-config-file', join(folder, 'agent.json')],
    folder,
    ready: (signal) => servedVersion(address, token, signal),
  })
}

const agentConfig = (dataDir: string, port: number) => ({
  server: true,
  data_dir: dataDir,
  node_name: `isthmus-test-${port}`,
  bind_addr: '127.0.0.1',
  client_addr: '127.0.0.1',
  disable_update_check: true,
  // Elections as fast as Consul allows: every restart waits for one.
  performance: { raft_multiplier: 1 },
})

const self = z.object({ Config: z.object({ NodeName: z.string(), Version: z.string() }) })
const entered = z.object({ Node: z.object({ TaggedAddresses: z.record(z.string(), z.string()) }) })

/**
 * Serves once it has a leader and has entered itself into its catalog, its own addresses included:
 * it adds those a moment later, which a test that compares catalogs would take for a change. Where
 * there are ACLs it never does, as these agents have no token of their own.
 */
async function servedVersion(
  address: string,
  token: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = { 'x-consul-token': token }
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${address}${path}`, { headers, signal })
    return response.ok ? response.json() : undefined
  }
  const leader = await ask('/v1/status/leader')
  if (typeof leader !== 'string' || leader === '') return undefined
  const services = z
    .object({ consul: z.array(z.string()) })
    .safeParse(await ask('/v1/catalog/services'))
  if (!services.success) return undefined
  const { NodeName, Version } = self.parse(await ask('/v1/agent/self')).Config
  const complete =
    token !== '' || entered.safeParse(await ask(`/v1/catalog/node/${NodeName}`)).success
  return complete ? Version : undefined
}
