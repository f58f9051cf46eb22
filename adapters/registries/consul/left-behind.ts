import { z } from 'zod'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { ConsulHttp } from '../../connections/consul/http.ts'
import { readKey, readKeys, type KvEntry } from '../../connections/consul/kv.ts'
import { parser } from '../../connections/consul/parse.ts'
import { SESSION_NAME } from '../../connections/consul/ttl-session.ts'
import { claimKey, LEASES, readHolder } from './claims.ts'
import { HIDING_CHECK } from './hiding.ts'
import { instanceId, nodeOf, ownServiceId } from './ids.ts'
import { isGatewayNode } from './operations.ts'

const text = z.string()
const parseNode = parser(
  'node',
  z
    .object({
      Node: z.object({ Meta: z.record(text, text).nullish() }),
      Services: z.record(text, z.object({ Service: text })).nullish(),
    })
    .nullable(),
)
const parseChecks = parser('checks', z.array(z.object({ CheckID: text, ServiceID: text })))
const parseSessions = parser('sessions', z.array(z.object({ ID: text, Name: text.nullish() })))

const CONSISTENT = { consistent: '' }

/** All that one gateway has left in Consul. */
export interface LeftBehind {
  readonly node: string
  readonly hasNode: boolean
  /** Names by ServiceID. */
  readonly services: ReadonlyMap<string, string>
  readonly checks: readonly string[]
  readonly sessions: readonly string[]
  readonly keys: readonly KvEntry[]
  /** Whether others have put services or checks on the gateway's node. */
  readonly shared: boolean
}

/** Rejects with REGISTRY_CONFLICT when the node of that name is not a gateway's. */
export async function lookForLeft(
  http: ConsulHttp,
  owner: string,
  signal: AbortSignal,
): Promise<LeftBehind> {
  const node = nodeOf(owner)
  const isOwn = (id: string): boolean => ownServiceId(owner, instanceId(node, id)) !== undefined
  const found = parseNode(await ask(http, `/catalog/node/${node}`, signal))
  if (found && !isGatewayNode(found.Node.Meta ?? {})) {
    const message = 'a node of this name is in the catalog that no gateway has put there'
    throw new IsthmusError('REGISTRY_CONFLICT', message, { details: { owner, node } })
  }
  const services = Object.entries(found?.Services ?? {})
  const checks = parseChecks(await ask(http, `/health/node/${node}`, signal))
  const own = checks.filter(
    ({ CheckID, ServiceID }) => CheckID === HIDING_CHECK || isOwn(ServiceID),
  )
  const sessions = parseSessions(await ask(http, `/session/node/${node}`, signal))
  return {
    node,
    hasNode: found !== null,
    services: new Map(services.filter(([id]) => isOwn(id)).map(([id, one]) => [id, one.Service])),
    checks: own.map(({ CheckID }) => CheckID),
    sessions: sessions.filter(({ Name }) => Name === SESSION_NAME).map(({ ID }) => ID),
    keys: await keysOf(http, owner, signal),
    shared: own.length < checks.length || !services.every(([id]) => isOwn(id)),
  }
}

/** Its claim, the leases that it was the last to hold, and the one of its own name: a cluster's. */
export async function keysOf(
  http: ConsulHttp,
  owner: string,
  signal: AbortSignal,
): Promise<readonly KvEntry[]> {
  const claim = await readKey(http, claimKey(owner), signal)
  const leases = await readKeys(http, LEASES, signal)
  const isOwn = (lease: KvEntry): boolean =>
    lease.key === `${LEASES}${owner}` || readHolder(lease)?.owner === owner
  const own = leases.filter(isOwn)
  return [...(claim ? [claim] : []), ...own]
}

async function ask(http: ConsulHttp, path: string, signal: AbortSignal): Promise<string> {
  return (await http.get(path, CONSISTENT, signal)).text
}
