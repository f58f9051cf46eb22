import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import type { AddressingMode } from './addressing.ts'
import { contestFor } from './contest.ts'
import { desireFor } from './desire.ts'
import type { SkipReason, Wanted } from './desire.ts'
import type { Direction } from './direction.ts'
import { isOpen } from './echoes.ts'
import type { Echo } from './echoes.ts'

/** What is to be done about one service of the target. Found by reading alone. */
export type Verdict =
  /** A mirror does not vouch for what it says: nothing is decided until it does. */
  | { readonly kind: 'unknown'; readonly mirror: 'source' | 'target' }
  /** It is as it should be. */
  | { readonly kind: 'in-line'; readonly addressing: AddressingMode }
  /** Nothing of ours is there, and nothing should be, or not yet. */
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly detail?: string }
  | {
      readonly kind: 'put'
      readonly change: Change
      readonly addressing: AddressingMode
      /** What is put stands there already, under another session. */
      readonly takeOver: boolean
      /** So many instances go at once that it counts as a withdrawal. */
      readonly shrinks: boolean
    }
  | {
      readonly kind: 'withdraw'
      readonly change: Change
      readonly reason: SkipReason
      readonly detail?: string
    }

/** Whether the removal budget has a say in it. */
export function isWithdrawal(verdict: Verdict): boolean {
  return verdict.kind === 'withdraw' || (verdict.kind === 'put' && verdict.shrinks)
}

/** Compares both mirrors. Offers the service to the edge, which is how its address is asked for. */
export function assess(
  direction: Direction,
  target: ServiceKey,
  contest = contestFor(direction, target),
): Verdict {
  const { from, to } = direction.parts
  const desire = desireFor(direction, target, contest)
  if (desire.kind === 'unknown') return { kind: 'unknown', mirror: 'source' }
  if (!to.vouches(target)) return { kind: 'unknown', mirror: 'target' }
  const owned = direction.own.read(target)
  switch (desire.kind) {
    case 'waiting':
      // Not an end: after a restart what is there may be right, and the edge about to accept.
      return { kind: 'skip', reason: 'no-address' }
    case 'wanted':
      return compare(direction, target, owned, desire)
    case 'unwanted': {
      const { reason, detail } = desire
      const why = { reason, ...(detail !== undefined && { detail }) }
      const ours = [...owned, ...direction.own.standing(target)]
      if (!ours.every(({ origin }) => from.vouchesForEnd(origin))) {
        return { kind: 'unknown', mirror: 'source' }
      }
      const kept = keptAtZero(direction, target, owned, reason)
      if (kept) return kept
      // Nothing goes by what was so before the last change: the budget counts what was read.
      const there = instancesById(direction, target)
      const isUnread = (echo: Echo): boolean => isOpen(echo, there.get(echo.instance.id))
      if (direction.echoes.certain(target).some((echo) => echo.stands && isUnread(echo))) {
        return { kind: 'unknown', mirror: 'target' }
      }
      if (owned.length === 0) return { kind: 'skip', ...why }
      return { kind: 'withdraw', change: { key: target, puts: [], removals: owned }, ...why }
    }
    default:
      return desire satisfies never
  }
}

/**
 * What stands for a service that runs on no instance now stays as it is, if it is one of those.
 * Only what points to a gateway: at the address of an instance that has gone nobody starts one.
 */
function keptAtZero(
  direction: Direction,
  target: ServiceKey,
  owned: readonly Instance[],
  reason: SkipReason,
): Verdict | undefined {
  if (reason !== 'gone' && reason !== 'no-usable-instance') return undefined
  // What was written last says what the last instances said.
  const standing = direction.own.standing(target)
  const entry = (standing.length > 0 ? standing : owned).find(
    (one) =>
      direction.scaleToZero.reasonFor(one) !== undefined && !direction.own.isClusters(target, one),
  )
  // After a restart its port has to be opened again: who calls is told that there is no instance.
  const kept = entry && direction.keepOffer(target, entry)
  if (!entry || !kept) return undefined
  if (!kept.address) return { kind: 'skip', reason: 'no-address' }
  const records = direction.asWritten(target, [{ ...entry, ...kept.address }])
  const wanted = { addressing: 'gateway', records, certain: true } as const
  const verdict = compare(direction, target, owned, wanted)
  if (verdict.kind !== 'in-line') return verdict // it is to be taken over from an earlier session
  const detail = direction.scaleToZero.reasonFor(entry)
  return { kind: 'skip', reason: 'scaled-to-zero', ...(detail !== undefined && { detail }) }
}

/** The smallest change that leaves exactly what is wanted of what is ours. */
function compare(
  direction: Direction,
  target: ServiceKey,
  owned: readonly Instance[],
  { addressing, records, certain }: Wanted,
): Verdict {
  const there = instancesById(direction, target)
  const ours = new Set(owned)
  const isForeign = (one: Instance | undefined): boolean => one !== undefined && !ours.has(one)
  if (records.some(({ id }) => isForeign(there.get(id))))
    return { kind: 'skip', reason: 'conflict' }
  const isSeen = (one: Instance): boolean => {
    const now = there.get(one.id)
    return now !== undefined && sameInstance(now, one)
  }
  const isOthers = ({ id }: Instance): boolean => there.get(id)?.keptBy === 'other-session'
  const unheard = new Map(direction.echoes.unheard(target).map((echo) => [echo.instance.id, echo]))
  const isDoubtful = ({ id }: Instance): boolean => {
    const echo = unheard.get(id)
    return echo !== undefined && isOpen(echo, there.get(id))
  }
  const puts = records.filter((one) => !isSeen(one) || isOthers(one) || isDoubtful(one))
  const kept = new Set(records.map(({ id }) => id))
  const gone = direction.own.mayStand(target).filter(({ id }) => !kept.has(id))
  const removals = certain ? gone : gone.filter((one) => !direction.own.isClusters(target, one))
  if (puts.length + removals.length === 0) {
    return gone.length === 0
      ? { kind: 'in-line', addressing }
      : { kind: 'unknown', mirror: 'source' }
  }
  const change = { key: target, puts, removals }
  const takeOver = puts.length > 0 && puts.every((one) => isSeen(one) && isOthers(one))
  const shrinks = addressing === 'direct' && losesMany(direction, target, records)
  return { kind: 'put', change, addressing, takeOver, shrinks }
}

function instancesById({ parts }: Direction, target: ServiceKey): ReadonlyMap<string, Instance> {
  return new Map(parts.to.record(keyText(target))?.instances.map((one) => [one.id, one]))
}

/** Of the instances that are seen at their own addresses: an entry of a gateway is none. */
function losesMany(
  direction: Direction,
  target: ServiceKey,
  records: readonly Instance[],
): boolean {
  const standing = direction.own.standing(target)
  const before = standing.filter((one) => direction.own.isClusters(target, one)).length
  return direction.parts.budget.isMass(before - records.length, before)
}
