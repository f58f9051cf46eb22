/** Metadata that says what the model has a field for. */
export const PROTOCOL = 'protocol'
export const ZONE = 'zone'

/** Label of an instance in Consul's mesh: `sidecar` when it has one, `native` when it needs none. */
export const CONNECT = 'connect'

/** Metadata that a gateway writes about its own record. */
export const MARK = {
  owner: 'isthmus-owner',
  registry: 'isthmus-registry',
  key: 'isthmus-key',
  path: 'isthmus-path',
  weight: 'isthmus-weight',
} as const

/** Names of gateways and registries hold no space. */
export const PATH_SEPARATOR = ' '

/** Protocols whose consumers ask for a group and a version; elsewhere both are plain labels. */
const RPC: readonly string[] = ['dubbo', 'tri']

export function isRpc(protocol: string): boolean {
  return RPC.includes(protocol)
}

/** Whether metadata `name` is a part of the key of a service of this protocol. */
export function isKeyPart(protocol: string, name: string): boolean {
  return isRpc(protocol) && (name === 'group' || name === 'version')
}
