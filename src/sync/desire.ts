import { isUsable } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { AddressingMode } from './addressing.ts'
import type { Carried } from './carry.ts'
import type { Contest } from './contest.ts'
import type { Direction } from './direction.ts'
import { offer } from './offer.ts'
import { sourceFor } from './source-for.ts'
import type { NoSource } from './source-for.ts'
import { asItIs } from './translate.ts'

export type SkipReason =
  | NoSource['reason']
  | 'no-usable-instance'
  | 'scaled-to-zero'
  | 'not-accepted'
  | 'no-address'
  | 'conflict'

/** All that is to stand for one service of the target, as its readers will see it. */
export interface Wanted {
  readonly addressing: AddressingMode
  readonly records: readonly Instance[]
  /** Whether what is not among `records` is known to be gone from the source. */
  readonly certain: boolean
}

export type Desire =
  | { readonly kind: 'unknown' }
  | ({ readonly kind: 'wanted' } & Wanted)
  | { readonly kind: 'waiting' }
  | { readonly kind: 'unwanted'; readonly reason: SkipReason; readonly detail?: string }

/** Offers the service to the edge where it needs an address, which is how that is asked for. */
export function desireFor(direction: Direction, target: ServiceKey, contest: Contest): Desire {
  const { from, toSink } = direction.parts
  const source = sourceFor(direction, target, contest)
  if ('reason' in source) {
    // What one registry has not, another may have that cannot be read now.
    return from.complete ? { kind: 'unwanted', ...source } : { kind: 'unknown' }
  }
  if (!from.knows(source.key)) return { kind: 'unknown' }
  const accepted = toSink.accepts(target)
  if (accepted !== true) return { kind: 'unwanted', reason: 'not-accepted', detail: accepted }
  const { cluster } = direction.parts
  const isDirect = direction.addressing(source.key).mode === 'direct'
  return isDirect && cluster !== undefined
    ? instancesOf(direction, cluster, target, source)
    : standInFor(direction, target, source)
}

/** One record for all instances, at an address of this gateway. */
function standInFor(direction: Direction, target: ServiceKey, source: Carried): Desire {
  if (!source.found.some(({ instance }) => isUsable(instance))) return noneUsable(direction, source)
  const address = offer(direction, target, source)
  if (!address) return { kind: 'waiting' }
  const record = direction.standIn(source, address)
  const records = direction.asWritten(target, [record])
  return { kind: 'wanted', addressing: 'gateway', records, certain: true }
}

/** One record for each instance, at its own address, as healthy as it is. */
function instancesOf(
  direction: Direction,
  cluster: string,
  target: ServiceKey,
  source: Carried,
): Desire {
  const meant = [...source.found, ...source.idle].map((one) => asItIs(cluster, source.key, one))
  // One that takes no traffic is left out where the registry could only show it as one that does.
  const isFaithful = (one: Instance, at: number): boolean => {
    const said = meant[at]
    return said !== undefined && isUsable(one) === isUsable(said)
  }
  const records = direction.asWritten(target, meant).filter(isFaithful)
  if (records.length === 0) return noneUsable(direction, source)
  // As long as something stands that points here, callers may come by it.
  if (direction.own.pointingHere(target).length > 0) offer(direction, target, source)
  const certain = direction.parts.from.vouches(source.key)
  return { kind: 'wanted', addressing: 'direct', records, certain }
}

function noneUsable({ parts }: Direction, { key }: Carried): Desire {
  return parts.from.vouches(key)
    ? { kind: 'unwanted', reason: 'no-usable-instance' }
    : { kind: 'unknown' }
}
