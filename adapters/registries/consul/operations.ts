import type { Registration } from './registration.ts'
import type { Operation } from '../../connections/consul/transact.ts'

/**
 * An address for documentation (RFC 5737): nothing answers there. Every service on the node has
 * its own address, and nobody shall reach a wrong machine by the node's.
 */
const NOWHERE = '192.0.2.1'

/** Says to Consul's tools that no agent runs on this node. */
const NODE_META = { 'external-node': 'true', 'external-source': 'isthmus' }

/** Whether a gateway has put a node with this metadata into the catalog. */
export function isGatewayNode(meta: Readonly<Record<string, string>>): boolean {
  return meta['external-source'] === NODE_META['external-source']
}

export function nodeOperation(node: string): Operation {
  return { Node: { Verb: 'set', Node: { Node: node, Address: NOWHERE, Meta: NODE_META } } }
}

/**
 * Creates the service when `modifyIndex` is 0 and it is not there, or replaces the one that has
 * this index; with its check, whose text never changes: a new one would wake every reader.
 */
export function putOperations(
  node: string,
  { Status, ...service }: Registration,
  modifyIndex: number,
): readonly Operation[] {
  const check = {
    Node: node,
    CheckID: `service:${service.ID}`,
    Name: 'Isthmus',
    Status,
    Output: 'Health as the other side sees it',
    ServiceID: service.ID,
  }
  return [
    { Service: { Verb: 'cas', Node: node, Service: { ...service, ModifyIndex: modifyIndex } } },
    { Check: { Verb: 'set', Check: check } },
  ]
}

/** Takes away one service that still has this index, never its node. */
export function deleteOperation(
  node: string,
  service: { readonly ID: string; readonly Service: string },
  modifyIndex: number,
): Operation {
  const { ID, Service } = service
  const named = { ID, Service, ModifyIndex: modifyIndex }
  return { Service: { Verb: 'delete-cas', Node: node, Service: named } }
}
