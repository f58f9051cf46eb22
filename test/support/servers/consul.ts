import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { freePorts } from './free-port.ts'
import { serverPrograms } from './programs.ts'
import { type RealServer, startServer } from './real-server.ts'

export interface ConsulOptions {
  /** Further settings of the agent's configuration file, such as `limits`; they win. */
  readonly config?: Readonly<Record<string, unknown>>
}

/**
 * A single Consul server with a data folder (a `-dev` agent forgets everything when restarted), on
 * free ports of 127.0.0.1.
 */
export async function startConsul(options: ConsulOptions = {}): Promise<RealServer> {
  const [http = 0, serf = 0, server = 0] = await freePorts(3)
  const folder = await mkdtemp(join(tmpdir(), `isthmus-consul-${process.pid}-`))
  const config = {
    ...agentConfig(join(folder, 'data')),
    ports: { http, serf_lan: serf, server, dns: -1, grpc: -1, https: -1, serf_wan: -1 },
    ...options.config,
  }
  await writeFile(join(folder, 'agent.json'), JSON.stringify(config))
  const address = `http://127.0.0.1:${http}`
  return startServer({
    name: 'Consul',
    address,
    command: serverPrograms().consul.command,
    args: ['agent', '-config-file', join(folder, 'agent.json')],
    folder,
    ready: (signal) => servedVersion(address, signal),
  })
}

const agentConfig = (dataDir: string) => ({
  server: true,
  bootstrap_expect: 1,
  data_dir: dataDir,
  node_name: 'isthmus-test',
  bind_addr: '127.0.0.1',
  client_addr: '127.0.0.1',
  disable_update_check: true,
  // Elections as fast as Consul allows: every restart waits for one.
  performance: { raft_multiplier: 1 },
})

const self = z.object({ Config: z.object({ Version: z.string() }) })

/** Serves once it has a leader and has entered itself into its catalog. */
async function servedVersion(address: string, signal: AbortSignal): Promise<string | undefined> {
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${address}${path}`, { signal })
    return response.ok ? response.json() : undefined
  }
  const leader = await ask('/v1/status/leader')
  if (typeof leader !== 'string' || leader === '') return undefined
  const services = z
    .object({ consul: z.array(z.string()) })
    .safeParse(await ask('/v1/catalog/services'))
  if (!services.success) return undefined
  return self.parse(await ask('/v1/agent/self')).Config.Version
}
