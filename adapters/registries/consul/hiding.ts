import { z } from 'zod'
import type { ConsulHttp } from '../../connections/consul/http.ts'
import { parser } from '../../connections/consul/parse.ts'
import { transact } from '../../connections/consul/transact.ts'
import { claimKey } from './claims.ts'
import { nodeOf } from './ids.ts'

/** Of the node of a gateway that is gone: critical, it hides all that stands there. */
export const HIDING_CHECK = 'isthmus-presence'

const parseChecks = parser('checks of a node', z.array(z.object({ CheckID: z.string() })))

/** What must be true of a claim for its gateway to be hidden; Consul looks in the same step. */
type Condition = { readonly index: number } | { readonly session: string }

/**
 * Hides all entries of a gateway, by one check of its node: nothing is removed, and nothing is
 * written again when it comes back. Others do it when its claim has lapsed and still is the one
 * that was seen, so that nobody hides a gateway that is back; itself it does so when it ends, as
 * long as its session holds the claim.
 */
export async function hide(
  http: ConsulHttp,
  owner: string,
  condition: Condition,
  signal: AbortSignal,
): Promise<'hidden' | 'was-hidden' | 'nothing-there'> {
  if (await isHidden(http, owner, signal)) return 'was-hidden'
  const Check = {
    Node: nodeOf(owner),
    CheckID: HIDING_CHECK,
    Name: 'Isthmus',
    Status: 'critical',
    Output: 'The gateway that these entries lead to is gone',
  }
  const still = { KV: verbOf(claimKey(owner), condition) }
  const outcome = await transact(http, [still, { Check: { Verb: 'set', Check } }], signal)
  return outcome.kind === 'applied' ? 'hidden' : 'nothing-there'
}

/** Undoes {@link hide} for the holder of the claim; whether it was hidden. */
export async function show(
  http: ConsulHttp,
  owner: string,
  session: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await isHidden(http, owner, signal))) return false
  const Check = { Node: nodeOf(owner), CheckID: HIDING_CHECK }
  const held = { KV: verbOf(claimKey(owner), { session }) }
  const outcome = await transact(http, [held, { Check: { Verb: 'delete', Check } }], signal)
  return outcome.kind === 'applied'
}

function verbOf(Key: string, condition: Condition): Readonly<Record<string, unknown>> {
  if ('index' in condition) return { Verb: 'check-index', Key, Index: condition.index }
  return { Verb: 'check-session', Key, Session: condition.session }
}

async function isHidden(http: ConsulHttp, owner: string, signal: AbortSignal): Promise<boolean> {
  const path = `/health/node/${nodeOf(owner)}`
  const answer = await http.get(path, { consistent: '' }, signal)
  return parseChecks(answer.text).some(({ CheckID }) => CheckID === HIDING_CHECK)
}
