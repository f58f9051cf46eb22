import type { Address } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import type { Addressing } from './addressing.ts'
import type { Direction } from './direction.ts'
import { whoseIs } from './explain-instances.ts'
import type { Standing } from './explain-instances.ts'
import type { Naming } from './names.ts'
import { namesakeOf, planOf } from './plan.ts'
import { foresee } from './plan-step.ts'
import type { PlanStep } from './plan-step.ts'

/** What becomes of a service in one registry of the other side. */
export interface ExplainedExport {
  readonly registry: string
  /** As it is called there; absent when no rule gives it a name there. */
  readonly key?: KeyText
  /** Which rule names it, or keeps it back. */
  readonly rule?: string
  /** What is seen there: an address of this gateway, or those of the instances; and by which rule. */
  readonly addressing?: Addressing
  /** What would be done now; see PlanStep. */
  readonly action: PlanStep['action'] | 'in-line'
  readonly reason?: PlanStep['reason']
  readonly detail?: string
  /** How long its withdrawal has been held for the removal budget. */
  readonly heldForMs?: number
  /** Where the other side reaches it through this gateway. */
  readonly address?: Address
  /** All that stands there under that key, whoever wrote it. */
  readonly standing: readonly Standing[]
}

/** Where it stands or should stand in one registry; a second one when it was renamed. */
export function explainExports(direction: Direction, source: KeyText): readonly ExplainedExport[] {
  const naming = direction.naming(source)
  const wanted = naming?.kind === 'named' ? naming.target : undefined
  const left = leftOf(direction, source, wanted)
  const rule = naming && { rule: naming.rule }
  if (!wanted && left.length === 0) return [{ ...keptBack(direction, source, naming), ...rule }]
  const addressing = addressingOf(direction, source)
  const more = { ...rule, ...(addressing && { addressing }) }
  const there = left.map((target) => explainExport(direction, target))
  const here = wanted ? [explainWanted(direction, source, wanted)] : []
  return [...here, ...there].map((one) => ({ ...one, ...more }))
}

/** Undefined where nothing is addressed directly, and nobody needs to be told how it is. */
export function addressingOf(direction: Direction, source: KeyText): Addressing | undefined {
  const key = parseKeyText(source)
  if (!key || direction.parts.cluster === undefined) return undefined
  return direction.addressing(key)
}

/** Where what of ours stands at `target` says that it comes from. */
export function originsAt(direction: Direction, target: KeyText): readonly ServiceKey[] {
  const key = parseKeyText(target)
  return key ? direction.own.read(key).flatMap(({ origin }) => origin?.key ?? []) : []
}

/** The service that wants `target` now; what stands there may have been written for another. */
export function sourceAt(direction: Direction, target: KeyText): KeyText | undefined {
  const key = parseKeyText(target)
  const wanting = key ? direction.places.around(key) : []
  return wanting.find((candidate) => keyText(candidate.target) === target)?.source
}

/** What was written for it elsewhere, and nothing else wants. */
function leftOf(
  direction: Direction,
  source: KeyText,
  wanted: ServiceKey | undefined,
): readonly ServiceKey[] {
  const isLeft = (target: KeyText): boolean =>
    target !== (wanted && keyText(wanted)) &&
    sourceAt(direction, target) === undefined &&
    originsAt(direction, target).some((origin) => keyText(origin) === source)
  return [...direction.exported].filter(isLeft).flatMap((target) => parseKeyText(target) ?? [])
}

function keptBack(
  { parts: { from, to } }: Direction,
  source: KeyText,
  naming: Naming | undefined,
): ExplainedExport {
  const isThere = from.copies(source).length > 0
  const reason = naming?.kind === 'excluded' ? 'excluded' : isThere ? 'loop' : 'gone'
  return { registry: to.name, action: 'skip', reason, standing: [] }
}

function explainWanted(direction: Direction, source: KeyText, target: ServiceKey): ExplainedExport {
  const winner = namesakeOf(direction, source, target)
  if (winner === undefined) return explainExport(direction, target)
  const base = { registry: direction.parts.to.name, key: keyText(target) }
  const detail = `${winner} has the name`
  const standing = standingAt(direction, target)
  return { ...base, action: 'skip', reason: 'collision', detail, standing }
}

function explainExport(direction: Direction, target: ServiceKey): ExplainedExport {
  const { to, budget } = direction.parts
  const text = keyText(target)
  const step = stepAt(direction, target)
  const heldForMs = budget.heldForMs(text)
  const standing = standingAt(direction, target)
  const ours = standing.find(({ whose }) => whose === 'this-gateway')?.instance ?? step?.after[0]
  const pointsHere = ours !== undefined && !direction.own.isClusters(target, ours)
  return {
    registry: to.name,
    key: text,
    action: step?.action ?? 'in-line',
    ...(step && { reason: step.reason }),
    ...(step?.detail !== undefined && { detail: step.detail }),
    ...(heldForMs !== undefined && { heldForMs }),
    ...(pointsHere && { address: { host: ours.host, port: ours.port } }),
    standing,
  }
}

/** Whether the removal budget has room for it depends on what goes before it. */
function stepAt(direction: Direction, target: ServiceKey): PlanStep | undefined {
  const { step, spends } = foresee(direction, target, 0)
  if (!spends) return step
  const text = keyText(target)
  const isIt = ({ key, reason }: PlanStep): boolean =>
    keyText(key) === text && reason !== 'collision'
  return planOf(direction).find(isIt)
}

function standingAt(direction: Direction, target: ServiceKey): readonly Standing[] {
  const { to, toSink } = direction.parts
  const instances = to.record(keyText(target))?.instances ?? []
  return instances.map((instance) => {
    return { instance, ...whoseIs(direction.parts, toSink, target, instance) }
  })
}
