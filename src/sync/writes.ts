import type { Instance } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import type { AddressingMode } from './addressing.ts'
import type { Direction } from './direction.ts'

/** A change, as far as this process may make it now. */
export interface Writes {
  /** One after the other; each is of one identity. */
  readonly steps: readonly Change[]
  /** Whether they are all of the change. */
  readonly complete: boolean
}

/**
 * Splits a change into what this gateway writes under its own identity and what one replica writes
 * for all of them, under its term. What is to stand goes before what it stands for: where the
 * addressing of a service changes, this gateway's entry goes only when the instances are there, and
 * the other way round.
 */
export function writesFor(
  direction: Direction,
  change: Change,
  addressing: AddressingMode,
): Writes {
  const { cluster, writer } = direction.parts
  if (cluster === undefined) return { steps: [change], complete: true }
  const { fence, mayRemove } = writer
  const own = partOf(direction, change, false)
  const shared = partOf(direction, change, true)
  const fenced = fence === undefined ? NOTHING : { ...shared, fence }
  const possible = mayRemove ? fenced : { ...fenced, removals: [] }
  const waits = addressing === 'direct' && possible.puts.length < shared.puts.length
  const steps = addressing === 'direct' ? [possible, ...(waits ? [] : [own])] : [own, possible]
  const all = steps.map((step) => ({ ...step, key: change.key })).filter((one) => countOf(one) > 0)
  return { steps: all, complete: sum(all) === countOf(change) }
}

type Part = Omit<Change, 'key'>

const NOTHING: Part = { puts: [], removals: [] }

function partOf(direction: Direction, { key, puts, removals }: Change, shared: boolean): Part {
  const isIn = (one: Instance): boolean => direction.own.isClusters(key, one) === shared
  return { puts: puts.filter(isIn), removals: removals.filter(isIn) }
}

function countOf({ puts, removals }: Part): number {
  return puts.length + removals.length
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((count, part) => count + countOf(part), 0)
}
