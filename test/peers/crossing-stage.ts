import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { isthmus, startIsthmus } from '../support/command.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { startConsul } from '../support/servers/consul.ts'
import { claimPorts, type PortRange } from '../support/servers/port-range.ts'
import type { RealServer } from '../support/servers/real-server.ts'
import { startZookeeper } from '../support/servers/zookeeper.ts'
import { GREETER, type GreeterKey } from './dubbo.ts'
import { ownAddress } from './own-address.ts'

const READY_WITHIN_MS = 60_000

interface Parts {
  readonly zookeeper: RealServer
  readonly consul: RealServer
  readonly ports: PortRange
}

/** ZooKeeper and Consul of their own with a gateway between, on the machine's own address. */
export class CrossingStage implements AsyncDisposable {
  readonly zookeeper: RealServer
  readonly consul: RealServer
  readonly mesh: ConsulClient
  readonly #life: Lifetime
  readonly #admin: string

  private constructor(
    life: Lifetime,
    servers: { readonly zookeeper: RealServer; readonly consul: RealServer },
    admin: string,
  ) {
    this.#life = life
    this.zookeeper = servers.zookeeper
    this.consul = servers.consul
    this.mesh = new ConsulClient(servers.consul.address)
    life.defer(() => this.mesh.destroy())
    this.#admin = admin
  }

  static async open(rpc: 'dubbo' | 'dubbo-application'): Promise<CrossingStage> {
    const life = new Lifetime()
    try {
      const folder = await mkdtemp(join(tmpdir(), `isthmus-crossing-${process.pid}-`))
      life.defer(() => rm(folder, { recursive: true, force: true }))
      const [zookeeper, consul] = await Promise.all([startZookeeper(), startConsul()])
      life.use(zookeeper)
      life.use(consul)
      const config = join(folder, 'isthmus.yaml')
      const ports = life.use(await claimPorts(100))
      const parts = { zookeeper, consul, ports }
      await writeFile(config, JSON.stringify(configFor(rpc, parts, folder)))
      const gateway = life.use(startIsthmus('gateway', '-c', config))
      const { url } = await gateway.logged('admin listens', READY_WITHIN_MS)
      await gateway.logged('gateway is ready', READY_WITHIN_MS)
      return new CrossingStage(life, { zookeeper, consul }, String(url))
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Registers a service of the mesh as one does by hand: in Consul only. */
  async register(key: GreeterKey, port: number): Promise<void> {
    await this.mesh.register({ name: GREETER, ...key }, { host: ownAddress(), port })
  }

  async deregister(key: GreeterKey, port: number): Promise<void> {
    await this.mesh.deregister({ name: GREETER, ...key }, { host: ownAddress(), port })
  }

  /** What `isthmus explain --json` says of the greeter. */
  async explained(): Promise<unknown> {
    const { code, stdout, stderr } = await isthmus(
      ...['explain', GREETER, '--json', '--admin', this.#admin],
    )
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }
}

function configFor(
  rpc: string,
  { zookeeper, consul, ports: { from, to } }: Parts,
  folder: string,
): object {
  const advertise = ownAddress()
  return {
    gateway: {
      admin: { port: 0 },
      id: 'gw-peers',
      bind: '0.0.0.0',
      ports: { from, to },
      state: { path: join(folder, 'state') },
      legacy: {
        advertise,
        registries: [
          { kind: 'zookeeper', name: 'zk', servers: [zookeeper.address], layouts: { rpc } },
        ],
        headers: { accepts: ['b3'], sends: ['b3'] },
      },
      mesh: {
        advertise,
        registries: [{ kind: 'consul', name: 'consul', url: consul.address }],
        headers: { accepts: ['w3c'], sends: ['w3c'] },
      },
    },
  }
}
