import type { DirectionName } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'
import type { AddressingMode } from './addressing.ts'
import { assess, isWithdrawal } from './assess.ts'
import type { Verdict } from './assess.ts'
import { contestFor } from './contest.ts'
import type { SkipReason } from './desire.ts'
import type { Direction } from './direction.ts'

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

/** One service and what would be done about it, and why. What is in line is not listed. */
export interface PlanStep {
  readonly direction: DirectionName
  /** The registry of the target side that this is about. */
  readonly registry: string
  /** As the target calls it; for what is kept back, which has no place there, as the source does. */
  readonly key: ServiceKey
  readonly action: PlanAction
  readonly reason: PlanReason
  readonly detail?: string
  /** Of what is put. */
  readonly addressing?: AddressingMode
  /** What of ours stands there now. */
  readonly before: readonly Instance[]
  /** What would stand there. */
  readonly after: readonly Instance[]
}

/** In order of direction and key. */
export type Plan = readonly PlanStep[]

/** What reconcile would do with every service now, without writing anything. */
export function planOf(direction: Direction): Plan {
  const steps: PlanStep[] = []
  let removals = 0
  for (const target of targetsOf(direction)) {
    const step = stepOf(direction, target, removals)
    if (step?.action === 'remove' && step.reason !== 'drain') removals += 1
    if (step) steps.push(step)
  }
  return [...steps, ...collisionsOf(direction), ...keptBack(direction)].sort((a, b) =>
    keyText(a.key) < keyText(b.key) ? -1 : 1,
  )
}

/** Undefined when it is in line. `removals`: how many withdrawals of the plan go before it. */
export function stepOf(
  direction: Direction,
  target: ServiceKey,
  removals = 0,
): PlanStep | undefined {
  const order = direction.parts.orders.about(direction, target)
  if (order === 'drain') return takenBack(direction, target)
  const verdict = assess(direction, target)
  const held = isWithdrawal(verdict) && !mayGo(direction, target, removals)
  const step = stepFor(direction, target, verdict, held)
  const waits = order === 'pause' && step && step.action !== 'skip' && step.action !== 'wait'
  return waits ? { ...step, action: 'pause', detail: step.action, after: step.before } : step
}

function takenBack(direction: Direction, key: ServiceKey): PlanStep {
  const before = direction.pointingHere(key)
  const action = before.length > 0 ? 'remove' : 'skip'
  return { ...placeOf(direction), key, action, reason: 'drain', before, after: [] }
}

function placeOf({ parts }: Direction): Pick<PlanStep, 'direction' | 'registry'> {
  return { direction: parts.name, registry: parts.to.name }
}

/** Every service of the target that something of ours stands, or should stand, for. */
export function targetsOf(direction: Direction): readonly ServiceKey[] {
  const wanted = [...direction.places.all()].map(({ target }) => keyText(target))
  const texts = new Set<KeyText>([...wanted, ...direction.exported])
  return [...texts].sort().flatMap((text) => parseKeyText(text) ?? [])
}

function mayGo(direction: Direction, target: ServiceKey, before: number): boolean {
  const { budget } = direction.parts
  return budget.wouldAllow(keyText(target), direction.exported.size, before)
}

function stepFor(
  direction: Direction,
  key: ServiceKey,
  verdict: Verdict,
  held: boolean,
): PlanStep | undefined {
  const before = direction.owned(key)
  const base = { ...placeOf(direction), key, before }
  switch (verdict.kind) {
    case 'in-line':
      return undefined
    case 'unknown':
      return { ...base, action: 'wait', reason: `${verdict.mirror}-unknown`, after: before }
    case 'skip': {
      const { kind, ...why } = verdict
      return { ...base, action: kind, ...why, after: before }
    }
    case 'withdraw': {
      const { reason, detail } = verdict
      const why = { reason, ...(detail !== undefined && { detail }) }
      return { ...base, action: held ? 'hold' : 'remove', ...why, after: [] }
    }
    case 'put': {
      const { change, addressing } = verdict
      const step = { ...base, addressing, after: afterOf(before, change) }
      if (verdict.takeOver) return { ...step, action: 'take-over', reason: 'other-session' }
      const reason = before.length > 0 ? 'changed' : 'new'
      return { ...step, action: held ? 'hold' : 'put', reason }
    }
    default:
      return verdict satisfies never
  }
}

function afterOf(before: readonly Instance[], { puts, removals }: Change): readonly Instance[] {
  const changed = new Set([...puts, ...removals].map(({ id }) => id))
  return [...before.filter(({ id }) => !changed.has(id)), ...puts]
}

/** Services of the source that lost their name to one that maps to the very same key. */
function collisionsOf(direction: Direction): Plan {
  return [...direction.places.all()].flatMap(({ source, target }) => {
    const { winner } = contestFor(direction, target)
    const lost = winner && winner.source !== source && keyText(winner.target) === keyText(target)
    if (!lost) return []
    const base = { ...placeOf(direction), key: target, before: [], after: [] }
    return [{ ...base, action: 'skip', reason: 'collision', detail: source }]
  })
}

/** Services of the source that a rule or a loop guard keeps back whole. */
function keptBack(direction: Direction): Plan {
  return [...direction.parts.from.services()]
    .filter(([text]) => direction.places.of(text) === undefined)
    .map(([text, key]) => {
      const naming = direction.naming(text)
      const step = { ...placeOf(direction), key, action: 'skip', before: [], after: [] } as const
      return naming?.kind === 'excluded'
        ? { ...step, reason: 'excluded', detail: naming.rule }
        : { ...step, reason: 'loop' }
    })
}
