import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fetch } from '../support/fetch.ts'
import { GatewayProcess } from '../support/gateway/gateway-process.ts'
import { claimPorts, type PortRange } from '../support/servers/port-range.ts'
import { ownAddress } from './own-address.ts'

/** One replica gives each service of a test a port. */
const PORTS = 100
/** So long what a gateway that was killed wrote stays in ZooKeeper. */
const SESSION_MS = 6_000

export interface GatewayOptions {
  readonly id: string
  readonly folder: string
  readonly zookeeper: string
  readonly consul: string
  /** More of the configuration of the registry in ZooKeeper. */
  readonly registry: Readonly<Record<string, unknown>>
}

/** One `isthmus gateway` on the machine's own address, which can end and come back. */
export class CrossingGateway implements AsyncDisposable {
  readonly #config: string
  readonly #ports: PortRange
  #process: GatewayProcess | undefined

  private constructor(config: string, ports: PortRange) {
    this.#config = config
    this.#ports = ports
  }

  static async configure(options: GatewayOptions): Promise<CrossingGateway> {
    const ports = await claimPorts(PORTS)
    const config = join(options.folder, `${options.id}.yaml`)
    await writeFile(config, JSON.stringify(configOf(options, ports)))
    return new CrossingGateway(config, ports)
  }

  /** Resolves once it is ready. */
  async start(): Promise<void> {
    this.#process = await GatewayProcess.start(this.#config)
    await this.#process.ready()
  }

  /** SIGTERM; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]()
  }

  /** What `isthmus explain` is told of a service. */
  async explained(name: string): Promise<unknown> {
    const answer = await fetch(`${this.#process?.admin}/api/v1/explain?q=${name}`)
    return await answer.json()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#ports[Symbol.asyncDispose]()
  }
}

function configOf(options: GatewayOptions, { from, to }: PortRange): object {
  const { id, folder, zookeeper, consul, registry } = options
  const zk = { kind: 'zookeeper', name: 'zk', servers: [zookeeper], sessionTimeoutMs: SESSION_MS }
  const advertise = ownAddress()
  return {
    gateway: {
      admin: { port: 0 },
      id,
      bind: '0.0.0.0',
      ports: { from, to },
      state: { path: join(folder, `state-${id}`) },
      sync: { removalBudget: { share: 1 } }, // tests take away the one service that they have
      legacy: {
        advertise,
        registries: [{ ...zk, ...registry }],
        headers: { accepts: ['b3'], sends: ['b3'] },
      },
      mesh: {
        advertise,
        registries: [{ kind: 'consul', name: 'consul', url: consul }],
        headers: { accepts: ['w3c'], sends: ['w3c'] },
      },
    },
  }
}
