import { isUsable, keyText, sameInstance } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import type { Direction } from './direction.ts'
import { sourceFor } from './source-for.ts'
import type { NoSource } from './source-for.ts'
import { standIn } from './translate.ts'

export type SkipReason =
  | NoSource['reason']
  | 'no-usable-instance'
  | 'scaled-to-zero'
  | 'not-accepted'
  | 'no-address'
  | 'conflict'

/** What is to be done about one service of the target. Found by reading alone. */
export type Verdict =
  /** A mirror does not vouch for what it says: nothing is decided until it does. */
  | { readonly kind: 'unknown'; readonly mirror: 'source' | 'target' }
  /** It is as it should be. */
  | { readonly kind: 'in-line' }
  /** Nothing of ours is there, and nothing should be, or not yet. */
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly detail?: string }
  | {
      readonly kind: 'put'
      readonly change: Change
      /** What is put stands there already, under another session. */
      readonly takeOver: boolean
    }
  | {
      readonly kind: 'withdraw'
      readonly change: Change
      readonly reason: SkipReason
      readonly detail?: string
    }

type Desire =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'wanted'; readonly record: Omit<Instance, 'id'> }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'unwanted'; readonly reason: SkipReason; readonly detail?: string }

/** Compares both mirrors. Offers the service to the edge, which is how its address is asked for. */
export function assess(direction: Direction, target: ServiceKey): Verdict {
  const { from, to } = direction.parts
  const desire = desireFor(direction, target)
  if (desire.kind === 'unknown') return { kind: 'unknown', mirror: 'source' }
  if (!to.vouches(target)) return { kind: 'unknown', mirror: 'target' }
  const owned = direction.owned(target)
  switch (desire.kind) {
    case 'waiting':
      // Not an end: after a restart what is there may be right, and the edge about to accept.
      return { kind: 'skip', reason: 'no-address' }
    case 'wanted':
      return compare(direction, target, owned, desire.record)
    case 'unwanted': {
      const { reason, detail } = desire
      const why = { reason, ...(detail !== undefined && { detail }) }
      if (owned.length === 0) return { kind: 'skip', ...why }
      if (!owned.every(({ origin }) => from.vouchesForEnd(origin))) {
        return { kind: 'unknown', mirror: 'source' }
      }
      const kept = keptAtZero(direction, target, owned, reason)
      if (kept) return kept
      return { kind: 'withdraw', change: { key: target, puts: [], removals: owned }, ...why }
    }
    default:
      return desire satisfies never
  }
}

function desireFor(direction: Direction, target: ServiceKey): Desire {
  const { from, toSink } = direction.parts
  const source = sourceFor(direction, target)
  if ('reason' in source) {
    // What one registry has not, another may have that cannot be read now.
    return from.complete ? { kind: 'unwanted', ...source } : { kind: 'unknown' }
  }
  if (!from.knows(source.key)) return { kind: 'unknown' }
  const accepted = toSink.accepts(target)
  if (accepted !== true) return { kind: 'unwanted', reason: 'not-accepted', detail: accepted }
  if (!source.found.some(({ instance }) => isUsable(instance))) {
    return from.vouches(source.key)
      ? { kind: 'unwanted', reason: 'no-usable-instance' }
      : { kind: 'unknown' }
  }
  const address = direction.offer(target, source)
  if (!address) return { kind: 'waiting' }
  return {
    kind: 'wanted',
    record: standIn(direction.parts.owner, source.key, source.found, address),
  }
}

/** What stands for a service that runs on no instance now stays as it is, if it is one of those. */
function keptAtZero(
  direction: Direction,
  target: ServiceKey,
  owned: readonly Instance[],
  reason: SkipReason,
): Verdict | undefined {
  if (reason !== 'gone' && reason !== 'no-usable-instance') return undefined
  const entry = owned.find((one) => direction.scaleToZero.reasonFor(one) !== undefined)
  if (!entry) return undefined
  const verdict = compare(direction, target, owned, entry)
  if (verdict.kind !== 'in-line') return verdict // it is to be taken over from an earlier session
  const detail = direction.scaleToZero.reasonFor(entry)
  return { kind: 'skip', reason: 'scaled-to-zero', ...(detail !== undefined && { detail }) }
}

/** The smallest change that leaves exactly `record` of what is ours. */
function compare(
  direction: Direction,
  target: ServiceKey,
  owned: readonly Instance[],
  record: Omit<Instance, 'id'>,
): Verdict {
  const { to } = direction.parts
  const desired = direction.asWritten(target, record)
  const there = to.record(keyText(target))?.instances.find(({ id }) => id === desired.id)
  if (there && !owned.includes(there)) return { kind: 'skip', reason: 'conflict' }
  const same = there !== undefined && sameInstance(there, desired)
  const takeOver = same && there.keptBy === 'other-session'
  const puts = same && !takeOver ? [] : [desired]
  const removals = owned.filter((instance) => instance !== there)
  if (puts.length + removals.length === 0) return { kind: 'in-line' }
  return { kind: 'put', change: { key: target, puts, removals }, takeOver }
}
