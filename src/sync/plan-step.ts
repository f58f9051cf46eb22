import type { DirectionName } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import type { AddressingMode } from './addressing.ts'
import { assess, isWithdrawal } from './assess.ts'
import type { Verdict } from './assess.ts'
import type { SkipReason } from './desire.ts'
import type { Direction } from './direction.ts'
import { doubtAbout } from './doubts.ts'
import { writesFor } from './writes.ts'

type PlanAction = 'put' | 'take-over' | 'remove' | 'hold' | 'pause' | 'skip' | 'wait'

type PlanReason =
  | SkipReason
  | 'new'
  | 'changed'
  | 'other-session'
  | 'loop'
  | 'source-unknown'
  | 'target-unknown'
  | 'drain'
  | 'identity-not-held'
  | 'other-replica-writes'

/** One service and what would be done about it, and why. What is in line is not listed. */
export interface PlanStep {
  readonly direction: DirectionName
  /** The registry of the target side that this is about. */
  readonly registry: string
  /** As the target calls it; for what is kept back, which has no place there, as the source does. */
  readonly key: ServiceKey
  readonly action: PlanAction
  readonly reason: PlanReason
  /** More of the reason; of what is paused or may not be written by this process, what it is. */
  readonly detail?: string
  /** Of what is put. */
  readonly addressing?: AddressingMode
  /** What of ours stands there now. */
  readonly before: readonly Instance[]
  /** What would stand there. */
  readonly after: readonly Instance[]
}

export interface Foreseen {
  /** Undefined when it is in line. */
  readonly step: PlanStep | undefined
  /** Whether it goes out of the removal budget. */
  readonly spends: boolean
}

/** What reconcile would do about `target` now, when `removals` others went before it. */
export function foresee(direction: Direction, target: ServiceKey, removals: number): Foreseen {
  const order = direction.parts.orders.about(direction, target)
  if (order === 'drain') return { step: takenBack(direction, target), spends: false }
  const verdict = assess(direction, target)
  const { budget } = direction.parts
  const counts = isWithdrawal(verdict)
  const text = keyText(target)
  const held = counts && !budget.wouldAllow(text, direction.exported.size, removals)
  const found = stepFor(direction, target, verdict, held)
  if (!found || found.action === 'skip' || found.action === 'wait') {
    return { step: found, spends: false }
  }
  if (order === 'pause') {
    const { action: detail, before: after } = found
    return { step: { ...found, action: 'pause', detail, after }, spends: false }
  }
  const step = permitted(direction, found, verdict)
  return { step, spends: counts && !held && step.action !== 'wait' && budget.spends(text) }
}

export function placeOf({ parts }: Direction): Pick<PlanStep, 'direction' | 'registry'> {
  return { direction: parts.name, registry: parts.to.name }
}

type Base = Pick<PlanStep, 'direction' | 'registry' | 'key' | 'before'>

function takenBack(direction: Direction, key: ServiceKey): PlanStep {
  const before = direction.own.pointingHere(key)
  const base: Base = { ...placeOf(direction), key, before }
  if (!direction.parts.to.vouches(key)) return waiting(direction, base, 'target')
  if (before.length === 0) return { ...base, action: 'skip', reason: 'drain', after: [] }
  return permitted(direction, { ...base, action: 'remove', reason: 'drain', after: [] })
}

/** Who may not write under an identity now only says what is to be written. */
function permitted(direction: Direction, step: PlanStep, verdict?: Verdict): PlanStep {
  const { identity, writer } = direction.parts
  const isStandby = writer.state === 'standby' && verdict && isOthers(direction, verdict)
  if (!identity.isMissing && !isStandby) return step
  const reason = identity.isMissing ? 'identity-not-held' : 'other-replica-writes'
  const detail = `${step.action} (${step.reason})`
  return { ...step, action: 'wait', reason, detail, after: step.before }
}

/** Whether all of it is for the replica to write that has the lease. */
function isOthers(direction: Direction, verdict: Verdict): boolean {
  if (verdict.kind !== 'put' && verdict.kind !== 'withdraw') return false
  const addressing = verdict.kind === 'put' ? verdict.addressing : 'gateway'
  return writesFor(direction, verdict.change, addressing).steps.length === 0
}

function stepFor(
  direction: Direction,
  key: ServiceKey,
  verdict: Verdict,
  held: boolean,
): PlanStep | undefined {
  const before = direction.own.read(key)
  const base: Base = { ...placeOf(direction), key, before }
  switch (verdict.kind) {
    case 'in-line':
      return undefined
    case 'unknown':
      return waiting(direction, base, verdict.mirror)
    case 'skip':
      return skipped(direction, base, verdict)
    case 'withdraw': {
      const { reason, detail } = verdict
      const why = { reason, ...(detail !== undefined && { detail }) }
      if (held) return { ...base, action: 'hold', ...why, after: before }
      return { ...base, action: 'remove', ...why, after: [] }
    }
    case 'put':
      return putting(base, verdict, held)
    default:
      return verdict satisfies never
  }
}

function putting(base: Base, verdict: Extract<Verdict, { kind: 'put' }>, held: boolean): PlanStep {
  const { change, addressing, takeOver } = verdict
  const { before } = base
  // What is new is written at once; only what goes is held.
  const made = held ? { ...change, removals: [] } : change
  const step = { ...base, addressing, after: afterOf(before, made) }
  if (takeOver) return { ...step, action: 'take-over', reason: 'other-session' }
  const reason = before.length > 0 ? 'changed' : 'new'
  return { ...step, action: held ? 'hold' : 'put', reason }
}

function afterOf(before: readonly Instance[], { puts, removals }: Change): readonly Instance[] {
  const changed = new Set([...puts, ...removals].map(({ id }) => id))
  return [...before.filter(({ id }) => !changed.has(id)), ...puts]
}

function waiting(direction: Direction, base: Base, side: 'source' | 'target'): PlanStep {
  const detail = doubtAbout(direction, base.key, side)
  const why = detail === undefined ? {} : { detail }
  return { ...base, action: 'wait', reason: `${side}-unknown`, ...why, after: base.before }
}

function skipped(
  direction: Direction,
  base: Base,
  { reason, detail }: Extract<Verdict, { kind: 'skip' }>,
): PlanStep {
  const more = detail ?? (reason === 'no-address' ? whyWaiting(direction, base.key) : undefined)
  const why = more === undefined ? {} : { detail: more }
  return { ...base, action: 'skip', reason, ...why, after: base.before }
}

function whyWaiting(direction: Direction, target: ServiceKey): string | undefined {
  const { name, exposure, offers, to } = direction.parts
  const source = offers.sourceAt(to.name, target)
  return source && exposure.whyWaiting(name, source)
}
