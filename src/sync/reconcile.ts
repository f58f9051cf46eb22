import { keyText } from '../registry/model.ts'
import type { ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import { assess } from './assess.ts'
import type { SkipReason, Verdict } from './assess.ts'
import { contestFor } from './contest.ts'
import type { Direction } from './direction.ts'

/**
 * What one look at a service came to. `held`: a withdrawal that waits, see RemovalBudget; `paused`:
 * a change that waits for the operator.
 */
export type Outcome = 'unknown' | 'in-line' | 'skipped' | 'put' | 'withdrawn' | 'held' | 'paused'

/** Of what is skipped for these reasons the edge goes on knowing what it was last told. */
const STAYS: ReadonlySet<SkipReason> = new Set(['no-address', 'conflict', 'scaled-to-zero'])

/**
 * Brings one service of the target in line with the source, by what both mirrors say now. It
 * does not matter what woke it. Rejects when the sink does; to call it again is always right.
 */
export async function reconcile(
  direction: Direction,
  target: ServiceKey,
  signal: AbortSignal,
): Promise<Outcome> {
  const { budget, identity, orders } = direction.parts
  const verdict = assess(direction, target) // also under an order: routes follow what it offers
  const order = orders.about(direction, target)
  if (order === 'drain') return await takeBack(direction, target, signal)
  if (verdict.kind === 'unknown') {
    direction.defer(target)
    return 'unknown'
  }
  const { winner, losers } = contestFor(direction, target)
  direction.noteCollision(target, winner, losers)
  if (verdict.kind !== 'withdraw') budget.forget(keyText(target))
  if (order === 'pause' && isChange(verdict)) return 'paused'
  if (isChange(verdict) && !identity.isHeld) {
    direction.defer(target)
    return 'unknown'
  }
  switch (verdict.kind) {
    case 'in-line':
      return 'in-line'
    case 'skip':
      if (!STAYS.has(verdict.reason)) direction.ended(target)
      return 'skipped'
    case 'put':
      await write(direction, verdict.change, signal)
      return 'put'
    case 'withdraw':
      if (!mayGo(direction, target)) return 'held'
      await write(direction, verdict.change, signal)
      direction.ended(target)
      return 'withdrawn'
    default:
      return verdict satisfies never
  }
}

/**
 * All that is ours goes, with no budget to hold what a person asked for. The service stays open at
 * the edge: callers that know its address are served until they have heard that it is gone.
 */
async function takeBack(
  direction: Direction,
  target: ServiceKey,
  signal: AbortSignal,
): Promise<Outcome> {
  const { budget, identity, to } = direction.parts
  if (!to.vouches(target) || !identity.isHeld) {
    direction.defer(target)
    return 'unknown'
  }
  budget.forget(keyText(target))
  const removals = direction.owned(target)
  if (removals.length === 0) return 'skipped'
  await write(direction, { key: target, puts: [], removals }, signal)
  return 'withdrawn'
}

function isChange({ kind }: Verdict): boolean {
  return kind === 'put' || kind === 'withdraw'
}

async function write(direction: Direction, change: Change, signal: AbortSignal): Promise<void> {
  const { clock, toSink } = direction.parts
  direction.echoes.await(change.key, clock.monotonicMs())
  await toSink.apply(change, signal)
}

function mayGo({ parts, exported }: Direction, target: ServiceKey): boolean {
  const { budget, log, name, to } = parts
  const heldBefore = budget.heldCount
  const goes = budget.allow(keyText(target), exported.size)
  if (!goes && heldBefore === 0) {
    const fields = {
      direction: name,
      registry: to.name,
      exported: exported.size,
      first: keyText(target),
    }
    log.warn(fields, 'too many withdrawals at once: they wait for a second read')
  }
  return goes
}
