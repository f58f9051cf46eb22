import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText } from '../registry/model.ts'
import type { Direction } from './direction.ts'
import type { HeldWithdrawal } from './holds.ts'
import type { IdentityStatus } from './identity.ts'
import type { Mirror, MirrorState } from './mirror.ts'
import type { Order } from './orders.ts'
import type { WriterState } from './writer.ts'

export interface MirrorStatus {
  readonly registry: string
  readonly state: MirrorState
  readonly staleReason?: string
  readonly services: number
  readonly unknownNames: readonly string[]
  /** Complete reads so far. */
  readonly reads: number
  /** Of the last of them, by the wall clock, milliseconds; absent before the first. */
  readonly lastReadMs?: number
  /** How long ago that was, by a clock that does not jump. */
  readonly lastReadAgeMs?: number
}

export interface DirectionStatus {
  readonly name: DirectionName
  /** The registries of the source, in order of precedence. */
  readonly from: readonly string[]
  readonly to: string
  /** Services of the target at which something of ours stands. */
  readonly exported: number
  /** Of these, where something points to this gateway: what a drain takes back. */
  readonly pointing: number
  /** Whether this replica writes the direct records there; absent without a cluster. */
  readonly writer?: WriterState
  readonly waiting: number
  readonly working: number
  readonly failing: number
  /** Services that wait for a mirror to vouch again. */
  readonly deferred: number
  /** Withdrawals held back because there are too many at once. */
  readonly held: readonly HeldWithdrawal[]
  /** Changes that wait because an operator said so. */
  readonly paused: number
  /** Services that did not get the name they would have on the other side. */
  readonly collisions: readonly KeyText[]
  /** Since the start. */
  readonly writes: { readonly put: number; readonly withdrawn: number; readonly failed: number }
  /** Wall clock, milliseconds; undefined before the first write. */
  readonly lastWriteMs?: number
}

/** Plain JSON. */
export interface BridgeStatus {
  readonly ready: boolean
  readonly mirrors: readonly MirrorStatus[]
  /** Of each registry, whether this process may write it. */
  readonly identities: readonly IdentityStatus[]
  readonly directions: readonly DirectionStatus[]
  /** What an operator has said, oldest first. */
  readonly orders: readonly Order[]
}

export function mirrorStatus(mirror: Mirror): MirrorStatus {
  const { lastRead } = mirror
  return {
    registry: mirror.name,
    state: mirror.state,
    ...(mirror.staleReason !== undefined && { staleReason: mirror.staleReason }),
    services: mirror.size,
    unknownNames: [...mirror.unknownNames.keys()].sort(),
    reads: mirror.reads,
    ...(lastRead && { lastReadMs: lastRead.atMs, lastReadAgeMs: lastRead.ageMs }),
  }
}

export function directionStatus(
  direction: Direction,
  work: Pick<
    DirectionStatus,
    'waiting' | 'working' | 'failing' | 'paused' | 'writes' | 'lastWriteMs'
  >,
): DirectionStatus {
  const { name, from, to, budget, cluster, writer } = direction.parts
  return {
    name,
    from: [...from.names],
    to: to.name,
    exported: direction.exported.size,
    pointing: direction.pointing,
    ...(cluster !== undefined && { writer: writer.state }),
    ...work,
    deferred: direction.deferred,
    held: budget.held(),
    collisions: direction.collisions,
  }
}
