import { z } from 'zod'
import { KV_ROOT, type KvEntry } from '../../connections/consul/kv.ts'
import {
  isThisProcess,
  lifeOf,
  thisProcess,
  type ProcessIdentity,
} from '../../../src/kernel/process-identity.ts'

/** Begins the key of every gateway's claim to its identity. */
export const CLAIMS = `${KV_ROOT}presence/`

/** Begins the key of every lease. */
export const LEASES = `${KV_ROOT}lease/`

const holder = z.object({
  owner: z.string(),
  host: z.string(),
  kernel: z.string(),
  pid: z.number(),
  started: z.string(),
  incarnation: z.number(),
})

/** Who holds a claim or a lease, as it stands in Consul for people and for other gateways. */
export interface Holder extends ProcessIdentity {
  readonly owner: string
  /** Counts what one process has opened. */
  readonly incarnation: number
}

let incarnations = 0
const open = new Set<number>()

export function newHolder(owner: string): Holder {
  incarnations += 1
  open.add(incarnations)
  return { owner, ...thisProcess(), incarnation: incarnations }
}

/** It is closed, also if Consul could not be told so. */
export function retire({ incarnation }: Holder): void {
  open.delete(incarnation)
}

/** As {@link lifeOf}, and what this process has opened is alive until it is closed. */
export function lifeOfHolder(holder: Holder): 'alive' | 'dead' | 'unknown' {
  if (isThisProcess(holder)) return open.has(holder.incarnation) ? 'alive' : 'dead'
  return lifeOf(holder)
}

/** undefined when somebody else has written there. */
export function readHolder({ value }: KvEntry): Holder | undefined {
  try {
    return holder.parse(JSON.parse(value.toString()))
  } catch {
    return undefined
  }
}

export function encodeHolder(one: Holder): string {
  return Buffer.from(JSON.stringify(one)).toString('base64')
}

export function claimKey(owner: string): string {
  return `${CLAIMS}${owner}`
}

export function ownerOfClaim({ key }: KvEntry): string {
  return key.slice(CLAIMS.length)
}
