import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import {
  isThisProcess,
  lifeOf,
  thisProcess,
  type ProcessIdentity,
} from '../../../src/kernel/process-identity.ts'

/** The data of a claim's znode: which process holds the identity, and where it runs. */
export interface Claim extends ProcessIdentity {
  /** Of one opened registry: what it claims anew is still its own. */
  readonly incarnation: string
  /** How long the claim of a process that has died can stand. */
  readonly sessionTimeoutMs: number
}

const claimJson = z.object({
  host: z.string(),
  kernel: z.string(),
  pid: z.number().int(),
  started: z.string(),
  incarnation: z.string().min(1),
  sessionTimeoutMs: z.number().int().positive(),
})

/** What this process has opened and not closed. */
const open = new Set<string>()

export function newClaim(sessionTimeoutMs: number): Claim {
  const incarnation = randomUUID()
  open.add(incarnation)
  return { ...thisProcess(), incarnation, sessionTimeoutMs }
}

/** Its registry is closed, whether or not the server could be told. */
export function endClaim({ incarnation }: Claim): void {
  open.delete(incarnation)
}

export function formatClaim(claim: Claim): Buffer {
  const { host, kernel, pid, started, incarnation, sessionTimeoutMs } = claim
  return Buffer.from(JSON.stringify({ host, kernel, pid, started, incarnation, sessionTimeoutMs }))
}

/** The inverse of {@link formatClaim}; undefined when somebody else has written there. */
export function parseClaim(data: Buffer): Claim | undefined {
  try {
    return claimJson.safeParse(JSON.parse(data.toString())).data
  } catch {
    return undefined
  }
}

/** Whether who made the claim still needs it; `unknown` of a process elsewhere. */
export function lifeOfClaim(claim: Claim): 'alive' | 'dead' | 'unknown' {
  if (isThisProcess(claim)) return open.has(claim.incarnation) ? 'alive' : 'dead'
  return lifeOf(claim)
}

/** OWNER_TAKEN, saying where the other one runs. */
export function ownerTaken(owner: string, other: Claim | undefined): IsthmusError {
  const where = other ? `process ${other.pid} on ${other.host}` : 'another process'
  return new IsthmusError('OWNER_TAKEN', `the identity ${owner} is held by ${where}`, {
    details: { owner, host: other?.host, pid: other?.pid, incarnation: other?.incarnation },
  })
}
