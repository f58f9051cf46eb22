/** Where a gateway differs from the one that all tests of a stage start. */
export interface GatewaySetting {
  /** In place of the stage's own server, such as a proxy before it, or all of an ensemble. */
  readonly zookeeper?: string | readonly string[]
  readonly consul?: string
  /** For Consul. */
  readonly token?: string
  readonly sessionTimeoutMs?: number
  readonly removalBudget?: Readonly<Record<string, number>>
  readonly id?: string
  /** Where its ports are; gateways beside each other on one machine need different ones. */
  readonly host?: string
  /** Shared with the gateways beside it. */
  readonly cluster?: string
  /** At which address instances are seen; default: their own where there is a cluster. */
  readonly addressing?: 'gateway' | 'direct'
  /** What keeps its state; default: a folder. */
  readonly state?: 'zookeeper' | 'consul'
  readonly onStop?: 'keep' | 'drain'
  readonly fullReadEveryMs?: number
}

interface Ports {
  readonly from: number
  readonly to: number
}

/** What the registries are called. */
const NAMES = { zookeeper: 'zk', consul: 'consul' } as const

/** The identity of every gateway of a stage: each is the one before, started again. */
export const OWNER = 'gw-faults'

/** The configuration file, which may be JSON as it may be YAML; with the ports of its services. */
export function gatewayConfig(
  statePath: string,
  { from, to }: Ports,
  setting: GatewaySetting,
): object {
  const {
    zookeeper,
    consul,
    sessionTimeoutMs = 6_000,
    removalBudget = {},
    token,
    fullReadEveryMs,
  } = setting
  const { id = OWNER, onStop = 'keep' } = setting
  const { cluster, addressing = cluster === undefined ? 'gateway' : 'direct' } = setting
  const { host = '127.0.0.1', state } = setting
  return {
    gateway: {
      onStop,
      admin: { port: 0 },
      id,
      cluster,
      addressing: {
        legacyToMesh: { default: addressing },
        meshToLegacy: { default: addressing },
      },
      bind: host,
      ports: { from, to },
      state: state === undefined ? { path: statePath } : { kind: state, registry: NAMES[state] },
      sync: { removalBudget, fullReadEveryMs },
      traffic: { drainMs: 500 },
      legacy: {
        advertise: host,
        registries: [
          {
            kind: 'zookeeper',
            name: NAMES.zookeeper,
            servers: [zookeeper].flat(),
            sessionTimeoutMs,
          },
        ],
        headers: { accepts: ['b3-single', 'b3'], sends: ['b3'] },
      },
      mesh: {
        advertise: host,
        registries: [{ kind: 'consul', name: NAMES.consul, url: consul, token }],
        headers: { accepts: ['w3c'], sends: ['w3c'] },
      },
    },
  }
}
