import type { ConsulHttp } from '../../connections/consul/http.ts'
import { transact } from '../../connections/consul/transact.ts'
import { openSession, type TtlSession } from '../../connections/consul/ttl-session.ts'
import { nodeOf } from './ids.ts'
import { nodeOperation } from './operations.ts'

/** A session on the synthetic node of `owner`, which is put into the catalog if need be. */
export async function openOwnSession(
  http: ConsulHttp,
  owner: string,
  signal: AbortSignal,
): Promise<TtlSession> {
  await transact(http, [nodeOperation(nodeOf(owner))], signal)
  return openSession(http, nodeOf(owner), signal)
}
