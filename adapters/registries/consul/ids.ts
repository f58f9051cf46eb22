import { hash } from 'node:crypto'
import { keyText, type Instance, type ServiceKey } from '../../../src/registry/model.ts'

/**
 * The synthetic node that holds what gateway `owner` writes. A service on the node of a real
 * agent would be taken away by that agent.
 */
export function nodeOf(owner: string): string {
  return `isthmus-${owner}`
}

type Address = Pick<Instance, 'host' | 'port'>

/** The same on every replica and after every restart; other labels are the same record. */
export function serviceIdOf(owner: string, key: ServiceKey, { host, port }: Address): string {
  const digest = hash('sha256', `${keyText(key)} ${host} ${port}`, 'hex')
  return `isthmus-${owner}-${digest.slice(0, 20)}`
}

export function instanceId(node: string, serviceId: string): string {
  return `${node}/${serviceId}`
}

/** The ServiceID in the id of a record that gateway `owner` wrote; undefined for any other. */
export function ownServiceId(owner: string, id: string): string | undefined {
  const start = `${nodeOf(owner)}/isthmus-${owner}-`
  const isOwn = id.startsWith(start) && /^[0-9a-f]{20}$/.test(id.slice(start.length))
  return isOwn ? id.slice(nodeOf(owner).length + 1) : undefined
}
