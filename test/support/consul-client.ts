import Consul from 'consul'
import { z } from 'zod'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { PlainInstance } from '../contract/registry-harness.ts'
import { PATIENCE_MS } from './within.ts'

const listed = z.array(
  z.object({
    Node: z.object({ Node: z.string() }),
    Service: z.object({
      ID: z.string(),
      Address: z.string(),
      Port: z.number(),
      Meta: z.record(z.string(), z.string()),
    }),
  }),
)

/** Of each request; the package knows it, its types do not. */
const LIMIT = { timeout: PATIENCE_MS }

/** A plain client of Consul, as services and operators use one: the `consul` package. */
export class ConsulClient {
  readonly consul: Consul

  constructor(address: string) {
    const { hostname, port } = new URL(address)
    this.consul = new Consul({ host: hostname, port: Number(port), ...LIMIT })
  }

  /** Registers one instance on a node that is named after it. */
  async register(
    key: ServiceKey,
    { host, port, labels = {} }: PlainInstance,
    status: 'passing' | 'warning' | 'critical' = 'passing',
  ): Promise<void> {
    const id = idOf(key, { host, port })
    await this.consul.catalog.register({
      node: nodeOf(host),
      address: host,
      service: {
        id,
        service: key.name,
        address: host,
        port,
        meta: { ...labels, ...keyMeta(key) },
      },
      check: {
        node: nodeOf(host),
        checkid: `service:${id}`,
        name: 'its own',
        status,
        serviceid: id,
      },
    })
  }

  /** `host:port` of every instance under a name and protocol, whoever registered it. */
  async list({ name, protocol }: ServiceKey): Promise<readonly string[]> {
    const entries = listed.parse(await this.consul.health.service({ service: name }))
    const ours = entries.filter(({ Service }) => Service.Meta['protocol'] === protocol)
    return ours.map(({ Service }) => `${Service.Address}:${Service.Port}`)
  }

  /** Takes away every service whose name begins with `prefix`, and leaves all nodes alone. */
  async removeAll(prefix: string): Promise<void> {
    const names = Object.keys(await this.consul.catalog.services())
    for (const service of names.filter((name) => name.startsWith(prefix))) {
      const entries = listed.parse(await this.consul.health.service({ service }))
      for (const { Node, Service } of entries) {
        await this.consul.catalog.deregister({ node: Node.Node, serviceid: Service.ID })
      }
    }
  }

  destroy(): void {
    this.consul.destroy()
  }

  async deregister(key: ServiceKey, instance: PlainInstance): Promise<void> {
    await this.consul.catalog.deregister({
      node: nodeOf(instance.host),
      serviceid: idOf(key, instance),
    })
  }
}

function nodeOf(host: string): string {
  return `vm-${host.replaceAll('.', '-')}`
}

function idOf({ name, protocol }: ServiceKey, { host, port }: PlainInstance): string {
  return `${name}-${protocol}-${host}-${port}`
}

function keyMeta({ protocol, group, version }: ServiceKey): Record<string, string> {
  return {
    protocol,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
  }
}
