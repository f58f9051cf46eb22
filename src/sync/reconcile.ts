import { errorCode } from '../kernel/errors.ts'
import { keyText } from '../registry/model.ts'
import type { ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import { assess, isWithdrawal } from './assess.ts'
import type { Verdict } from './assess.ts'
import { contestFor } from './contest.ts'
import type { SkipReason } from './desire.ts'
import type { Direction } from './direction.ts'
import { formerAt, holdFormer } from './offer.ts'
import { writesFor } from './writes.ts'

/**
 * What one look at a service came to. `held`: a withdrawal that waits, see RemovalBudget; `paused`:
 * a change that waits for the operator; `standby`: one that another replica writes; `waiting`: a
 * service that the edge does not accept for yet.
 */
export type Outcome =
  | 'unknown'
  | 'waiting'
  | 'in-line'
  | 'skipped'
  | 'put'
  | 'withdrawn'
  | 'held'
  | 'paused'
  | 'standby'

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
  direction.takeUp(target)
  const contest = contestFor(direction, target)
  const verdict = assess(direction, target, contest) // also under an order: routes follow what it offers
  const thinned = holdFormer(direction, target)
  const order = orders.about(direction, target)
  if (order === 'drain') return await takeBack(direction, target, isGone(verdict), signal)
  if (verdict.kind === 'unknown') {
    direction.defer(target)
    return 'unknown'
  }
  direction.noteCollision(target, contest.winner, contest.losers)
  noteNeed(direction, target, verdict)
  if (!isWithdrawal(verdict) && !thinned) budget.forget(keyText(target))
  if (order === 'pause' && isChange(verdict)) return 'paused'
  if (isChange(verdict) && !identity.isHeld) {
    direction.defer(target)
    return 'unknown'
  }
  switch (verdict.kind) {
    case 'in-line':
      if (verdict.addressing === 'direct') direction.withdrawOffer(target)
      return 'in-line'
    case 'skip':
      if (!STAYS.has(verdict.reason)) direction.ended(target)
      return verdict.reason === 'no-address' ? 'waiting' : 'skipped'
    case 'put':
      return await put(direction, verdict, signal)
    case 'withdraw':
      return await withdraw(direction, verdict, signal)
    default:
      return verdict satisfies never
  }
}

async function put(
  direction: Direction,
  verdict: Extract<Verdict, { kind: 'put' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { change, addressing } = verdict
  const { steps, complete } = writesFor(direction, change, addressing)
  if (!complete) direction.defer(change.key)
  if (steps.length === 0) return 'standby'
  const removes = steps.some(({ removals }) => removals.length > 0)
  const held = verdict.shrinks && removes && !mayGo(direction, change.key, 'fewer-instances')
  for (const step of held ? steps.map(withoutRemovals) : steps) {
    if (!(await write(direction, step, signal))) return 'standby'
  }
  return held ? 'held' : 'put'
}

async function withdraw(
  direction: Direction,
  { change, reason }: Extract<Verdict, { kind: 'withdraw' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { steps, complete } = writesFor(direction, change, 'gateway')
  if (!complete) direction.defer(change.key)
  if (steps.length === 0) return 'standby'
  if (!mayGo(direction, change.key, reason)) return 'held'
  for (const step of steps) {
    if (!(await write(direction, step, signal))) return 'standby'
  }
  direction.ended(change.key)
  return 'withdrawn'
}

/**
 * All that points here goes, with no budget to hold what a person asked for. The service stays open at
 * the edge: callers that know its address are served until they have heard that it is gone, unless
 * its own registry says that it is.
 */
async function takeBack(
  direction: Direction,
  target: ServiceKey,
  hasGone: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { budget, identity, to, writer } = direction.parts
  writer.needs(keyText(target), false)
  if (!to.vouches(target) || !identity.isHeld) {
    direction.defer(target)
    return 'unknown'
  }
  if (formerAt(direction, target).length === 0) budget.forget(keyText(target))
  const removals = direction.own.pointingHere(target)
  await write(direction, { key: target, puts: [], removals }, signal)
  if (hasGone) direction.ended(target)
  return removals.length === 0 ? 'skipped' : 'withdrawn'
}

/** Its own registry has it no more, and is to be believed: nothing is left to send callers to. */
function isGone(verdict: Verdict): boolean {
  return (verdict.kind === 'skip' || verdict.kind === 'withdraw') && verdict.reason === 'gone'
}

function isChange({ kind }: Verdict): boolean {
  return kind === 'put' || kind === 'withdraw'
}

/** A replica asks for the lease as long as something is, or shall be, under the shared identity. */
function noteNeed(direction: Direction, target: ServiceKey, verdict: Verdict): void {
  const { cluster, writer } = direction.parts
  if (cluster === undefined) return
  const comes = verdict.kind === 'put' && verdict.addressing === 'direct'
  const stands = direction.own.mayStand(target).some((one) => direction.own.isClusters(target, one))
  writer.needs(keyText(target), comes || stands)
}

function withoutRemovals(change: Change): Change {
  return { ...change, removals: [] }
}

/** False when the term is over under which it was to be written: it is for another to do. */
async function write(direction: Direction, change: Change, signal: AbortSignal): Promise<boolean> {
  const { clock, to, toSink, writer } = direction.parts
  if (change.puts.length + change.removals.length === 0) return true
  const { echoes } = direction
  const there = to.record(keyText(change.key))
  echoes.await(change, there, clock.monotonicMs())
  try {
    await toSink.apply(change, signal)
    echoes.answered(change, to.readEnds)
    // Where the mirror has it so already, no echo comes.
    echoes.heard(change.key, to.record(keyText(change.key)))
    return true
  } catch (error) {
    if (change.fence === undefined || errorCode(error) !== 'LEASE_LOST') throw error
    writer.lose(change.fence)
    direction.defer(change.key)
    return false
  }
}

function mayGo({ parts, exported }: Direction, target: ServiceKey, reason: string): boolean {
  const { budget, log, name, to } = parts
  const heldBefore = budget.heldCount
  const goes = budget.allow(keyText(target), exported.size, reason)
  if (!goes && heldBefore === 0) {
    const fields = {
      direction: name,
      registry: to.name,
      exported: exported.size,
      first: keyText(target),
      reason,
    }
    log.warn(fields, 'too many withdrawals at once: they wait for a second read')
  }
  return goes
}
