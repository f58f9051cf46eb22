import { IsthmusError } from '../../../src/kernel/errors.ts'
import { statusError, type ConsulHttp } from '../../connections/consul/http.ts'
import { transact, type Operation } from '../../connections/consul/transact.ts'
import { destroySession } from '../../connections/consul/ttl-session.ts'
import { instanceId } from './ids.ts'
import { keysOf, lookForLeft, type LeftBehind } from './left-behind.ts'

/** Consul 1.8 takes 64 operations a transaction. */
const MOST_OPERATIONS = 64

/** Removes all that gateway `owner` ever wrote; the places, as they are called in Consul. */
export async function purge(
  http: ConsulHttp,
  owner: string,
  { dryRun }: { readonly dryRun: boolean },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const left = await lookForLeft(http, owner, signal)
  if (!dryRun) {
    await (left.shared ? removeApart(http, left, signal) : removeNode(http, left, signal))
    await removeKeys(http, owner, signal)
  }
  return placesOf(left)
}

function placesOf({ node, hasNode, shared, ...left }: LeftBehind): readonly string[] {
  return [
    ...[...left.services.keys()].map((id) => `service ${instanceId(node, id)}`),
    ...left.checks.map((id) => `check ${instanceId(node, id)}`),
    ...left.sessions.map((id) => `session ${instanceId(node, id)}`),
    ...(hasNode && !shared ? [`node ${node}`] : []),
    ...left.keys.map(({ key }) => `key ${key}`),
  ]
}

/** With all that is on it, in one step. */
async function removeNode(
  http: ConsulHttp,
  { node, hasNode }: LeftBehind,
  signal: AbortSignal,
): Promise<void> {
  if (!hasNode) return
  const path = '/catalog/deregister'
  const answer = await http.put(path, JSON.stringify({ Node: node }), signal)
  if (answer.status !== 200) throw statusError(path, answer)
}

/** Piece by piece, because others have put something on the node too. */
async function removeApart(
  http: ConsulHttp,
  { node, services, checks, sessions }: LeftBehind,
  signal: AbortSignal,
): Promise<void> {
  const operations = [
    ...checks.map((CheckID) => ({ Check: { Verb: 'delete', Check: { Node: node, CheckID } } })),
    ...[...services].map(([ID, Service]) => ({
      Service: { Verb: 'delete', Node: node, Service: { ID, Service } },
    })),
  ]
  await removeAll(http, operations, signal)
  for (const id of sessions) await destroySession(http, id, signal)
}

/** As they are now that no session holds them: who has claimed one anew meanwhile keeps it. */
async function removeKeys(http: ConsulHttp, owner: string, signal: AbortSignal): Promise<void> {
  const free = (await keysOf(http, owner, signal)).filter(({ session }) => session === undefined)
  const operations = free.map(({ key, modifyIndex }) => ({
    KV: { Verb: 'delete-cas', Key: key, Index: modifyIndex },
  }))
  await removeAll(http, operations, signal)
}

async function removeAll(
  http: ConsulHttp,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < operations.length; at += MOST_OPERATIONS) {
    const outcome = await transact(http, operations.slice(at, at + MOST_OPERATIONS), signal)
    if (outcome.kind === 'refused') {
      const options = { retry: true, details: { what: outcome.what } }
      throw new IsthmusError('REGISTRY_UNAVAILABLE', 'it changes while it is removed', options)
    }
  }
}
