import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { isthmus } from '../command.ts'
import { eventually } from '../eventually.ts'
import { fetch } from '../fetch.ts'
import { startConsul } from '../servers/consul.ts'
import { claimPorts, type PortRange } from '../servers/port-range.ts'
import type { RealServer } from '../servers/real-server.ts'
import { startZookeeper } from '../servers/zookeeper.ts'
import { ConsulHistory, type Entry } from './consul-history.ts'
import { gatewayConfig, OWNER, type GatewaySetting } from './gateway-config.ts'
import { GatewayProcess } from './gateway-process.ts'
import { folderOf, keyTexts, MESH_NODE, serviceKeys, Services } from './services.ts'
import { ZnodeHistorian, type Loss, type ZnodeHistory } from './znode-history.ts'

const SERVICES_A_SIDE = 30
/** Room for those that come and go too: a port that a service had is no other one's for a day. */
const PORTS = 1_000
/**
 * Consul counts the connections of a dead gateway until their queries would have ended, and all
 * that runs here is one client to it: gateways started one after another would wait for that.
 */
const MANY_CONNECTIONS = { limits: { http_max_conns_per_client: 2_000 } }
/** What every service of a stage says. */
export const ANSWER = 'here'
const LOG_LINES = 30
const LOOK_EVERY_MS = 25
const CONVERGES_WITHIN_MS = 90_000

/** Both registries as real servers, with services on them, and all that is seen from outside. */
export class Stage implements AsyncDisposable {
  readonly zookeeper: RealServer
  readonly consul: RealServer
  readonly services: Services
  /** For the services of its gateways. */
  readonly ports: PortRange
  /** What the gateway wrote into Consul. */
  readonly exported: ConsulHistory
  /** What the services of the mesh wrote there themselves. */
  readonly native: ConsulHistory
  readonly #life: Lifetime
  readonly #folder: string
  readonly #historian: ZnodeHistorian

  private constructor(parts: StageParts) {
    this.#life = parts.life
    this.#folder = parts.folder
    this.#historian = new ZnodeHistorian(parts.dataDir)
    this.zookeeper = parts.zookeeper
    this.consul = parts.consul
    this.services = parts.services
    this.ports = parts.ports
    const { leftMs } = parts.services
    const exported = new ConsulHistory(parts.consul.address, `isthmus-${OWNER}`, (entry) =>
      leftMs.has(originKey(entry)),
    )
    const native = new ConsulHistory(parts.consul.address, MESH_NODE, ({ name }) =>
      leftMs.has(name),
    )
    this.exported = this.#life.use(exported)
    this.native = this.#life.use(native)
  }

  static async open({
    servicesASide = SERVICES_A_SIDE,
    ports: count = PORTS,
    start = startOneOfEach,
  }: StageOptions = {}): Promise<Stage> {
    const life = new Lifetime()
    try {
      const folder = await mkdtemp(join(tmpdir(), 'isthmus-stage-'))
      life.defer(() => rm(folder, { recursive: true, force: true }))
      const { zookeeper, consul, dataDir } = await start(life, folder)
      const addresses = { zookeeper: zookeeper.address, consul: consul.address }
      const services = life.use(new Services(addresses, await startEcho(life)))
      await services.connect()
      await services.addLegacy(serviceKeys('legacy', 0, servicesASide))
      await services.addMesh(serviceKeys('mesh', 0, servicesASide))
      const ports = life.use(await claimPorts(count))
      return new Stage({ life, folder, services, ports, zookeeper, consul, dataDir })
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  async startGateway(setting: GatewaySetting = {}): Promise<GatewayProcess> {
    return await GatewayProcess.start(await this.configure(setting))
  }

  /** Started, and done with everything there is to do. */
  async startedGateway(setting: GatewaySetting = {}): Promise<GatewayProcess> {
    const gateway = await this.startGateway(setting)
    try {
      await gateway.ready()
      await this.converged()
      return gateway
    } catch (cause) {
      await gateway[Symbol.asyncDispose]()
      const lines = gateway.command.stderr().split('\n').slice(-LOG_LINES).join('\n')
      throw new Error(`${String(cause)}; the last lines of its log:\n${lines}`, { cause })
    }
  }

  async znodes(): Promise<ZnodeHistory> {
    return await this.#historian.history()
  }

  /** How many transactions of gateways ZooKeeper has taken so far. */
  async gatewayWrites(): Promise<number> {
    const writes = [...(await this.znodes()).writes]
    const ours = writes.filter(([session]) => !this.services.sessions.has(session))
    return ours.reduce((sum, [, count]) => sum + count, 0)
  }

  /** Those of the HTTP services among `entries` that a caller gets no answer from. */
  async unanswered(entries: readonly Entry[]): Promise<readonly string[]> {
    const called = entries.map(async (entry) => {
      if (!originKey(entry).startsWith('http:')) return []
      const text = await fetch(`http://127.0.0.1:${entry.port}/`).then(
        (response) => response.text(),
        String,
      )
      return text === ANSWER ? [] : [`${entry.name}: ${text}`]
    })
    return (await Promise.all(called)).flat()
  }

  /** Until each service has exactly one entry of the gateway's on the other side, and no other has. */
  async converged(): Promise<void> {
    let off: readonly string[] = []
    const look = async (): Promise<boolean> => {
      await delay(LOOK_EVERY_MS) // what is looked at needs the processor too
      off = await this.#differences().catch((error: unknown) => [String(error)])
      return off.length === 0
    }
    try {
      await eventually('both registries show every service of the other', look, CONVERGES_WITHIN_MS)
    } catch (error) {
      throw new Error(`not converged: ${off.slice(0, 10).join(', ')}`, { cause: error })
    }
  }

  async isConverged(): Promise<boolean> {
    return (await this.#differences()).length === 0
  }

  /** Ports and all that a gateway remembers. */
  async forgetState(): Promise<void> {
    await rm(join(this.#folder, 'state'), { recursive: true, force: true })
  }

  /** Writes the configuration file of the next gateway, or of the one that runs; returns its path. */
  async configure(setting: GatewaySetting): Promise<string> {
    const path = join(this.#folder, 'isthmus.yaml')
    const addresses = { zookeeper: this.zookeeper.address, consul: this.consul.address }
    const state = join(this.#folder, 'state')
    const config = gatewayConfig(state, this.ports, { ...addresses, ...setting })
    await writeFile(path, JSON.stringify(config))
    return path
  }

  /** What a gateway that started now would write or remove, as `isthmus plan` has it. */
  async leftToDo(setting: GatewaySetting = {}): Promise<readonly unknown[]> {
    const { stdout, stderr } = await isthmus('plan', '--json', '-c', await this.configure(setting))
    if (stdout === '') throw new Error(stderr)
    const { steps } = JSON.parse(stdout) as { steps: { action: string }[] }
    return steps.filter(({ action }) => action !== 'skip')
  }

  /**
   * Everything that was taken away since then although its service was there: from Consul, from
   * ZooKeeper, of the gateway or of services. What goes with a session's end was not taken away.
   */
  async wrongRemovals(sinceMs: number): Promise<readonly (string | Loss)[]> {
    const { losses, doubles } = await this.znodes()
    const { sessions, leftMs } = this.services
    const removed = losses.filter(({ by, session, folder, atMs }) => {
      const isOver = atMs >= (leftMs.get(folder) ?? Infinity)
      return by === 'removal' && !sessions.has(session) && !isOver
    })
    const twice = doubles.map(({ folder, atMs }) => ({ twice: folder, atMs }))
    const znodes = [...removed, ...twice].filter(({ atMs }) => atMs >= sinceMs)
    const told = znodes.map((one) => JSON.stringify(one))
    return [...this.exported.breaches, ...this.native.breaches, ...told]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  /** What is on one side alone, or more than once. */
  async #differences(): Promise<readonly string[]> {
    const exported = (await this.exported.entries()).map(originKey)
    const znodes = [...(await this.znodes()).gatewayEntries().keys()]
    const folders = znodes.map((path) => path.slice(0, path.lastIndexOf('/')))
    return [
      ...difference('Consul', exported, keyTexts(this.services.legacyKeys)),
      ...difference('ZooKeeper', folders, this.services.meshKeys.map(folderOf)),
    ]
  }
}

/** The servers that services use, and that are asked what happened. */
export interface StageServers {
  readonly zookeeper: RealServer
  readonly consul: RealServer
  /** Where `zookeeper` keeps its transaction log. */
  readonly dataDir: string
}

interface StageOptions {
  readonly servicesASide?: number
  /** How many, for the services of its gateways. */
  readonly ports?: number
  /** Starts the servers, which `life` ends, with data in `folder`; default: one of each. */
  readonly start?: (life: Lifetime, folder: string) => Promise<StageServers>
}

interface StageParts extends StageServers {
  readonly life: Lifetime
  readonly folder: string
  readonly services: Services
  readonly ports: PortRange
}

/** One server of each, Consul with access control where it is asked for. */
export async function startOneOfEach(
  life: Lifetime,
  folder: string,
  { token, ...settings }: { readonly acl?: object; readonly token?: string } = {},
): Promise<StageServers> {
  const dataDir = join(folder, 'zookeeper')
  const zookeeper = life.use(await startZookeeper({ dataDir, extraConfig: { preAllocSize: 256 } }))
  const config = { ...MANY_CONNECTIONS, ...settings }
  const consul = life.use(await startConsul({ config, ...(token === undefined ? {} : { token }) }))
  return { zookeeper, consul, dataDir }
}

function difference(
  registry: string,
  found: readonly string[],
  wanted: readonly string[],
): readonly string[] {
  const missing = wanted.filter((one) => !found.includes(one))
  const extra = found.filter((one, at) => !wanted.includes(one) || found.indexOf(one) !== at)
  return [
    ...missing.map((one) => `${one} is not in ${registry}`),
    ...extra.map((one) => `${one} should not be in ${registry}`),
  ]
}

/** The service that an entry of the gateway's stands for, as its own side calls it. */
export function originKey({ meta }: Entry): string {
  return meta['isthmus-key'] ?? ''
}

async function startEcho(life: Lifetime): Promise<number> {
  const server = createServer((_request, response) => response.end(ANSWER))
  life.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return address.port
}
