import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import type { Address, DirectionName } from '../registry/exposure.ts'
import type { Addressing } from './addressing.ts'
import type { Direction } from './direction.ts'
import { explainInstances, whoseIs } from './explain-instances.ts'
import type { ExplainedInstance, Standing } from './explain-instances.ts'
import { isAsked, keyIsAsked } from './explain-query.ts'
import { stepOf } from './plan.ts'
import type { PlanStep } from './plan.ts'

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

/** One service, as one side calls it, and all that is known about its way to the other. */
export interface ExplainedService {
  readonly direction: DirectionName
  readonly key: KeyText
  /** Empty when what stands for it has no source any more. */
  readonly instances: readonly ExplainedInstance[]
  readonly exports: readonly ExplainedExport[]
}

/**
 * All services that `query` is about: a name or a key, as either side calls it, an instance's id,
 * its host, or its host:port; also a port of this gateway. In order of direction and key.
 */
export function explainIn(
  directions: readonly Direction[],
  query: string,
): readonly ExplainedService[] {
  const names = [...new Set(directions.map(({ parts }) => parts.name))]
  return names.flatMap((name) => {
    const lanes = directions.filter(({ parts }) => parts.name === name)
    const sources = new Set(lanes.flatMap((direction) => [...askedSources(direction, query)]))
    return [...sources].sort().map((source) => explainService(name, lanes, source))
  })
}

/** Services of the source that are asked for by what they are, or by what stands for them. */
function* askedSources(direction: Direction, query: string): Iterable<KeyText> {
  const { from, to } = direction.parts
  for (const { mirror } of from.ends) {
    for (const [text, key] of mirror.services()) {
      if (isAsked(query, key, mirror.record(text)?.instances ?? [])) yield text
    }
  }
  for (const { source, target } of direction.places.all()) {
    if (keyIsAsked(query, target)) yield source
  }
  for (const target of direction.exported) {
    for (const origin of originsAt(direction, target)) {
      const key = parseKeyText(target)
      const standing = to.record(target)?.instances ?? []
      const byTarget = key && isAsked(query, key, standing)
      if (byTarget || keyIsAsked(query, origin))
        yield sourceAt(direction, target) ?? keyText(origin)
    }
  }
}

/** Where what of ours stands at `target` says that it comes from. */
function originsAt(direction: Direction, target: KeyText): readonly ServiceKey[] {
  const key = parseKeyText(target)
  return key ? direction.owned(key).flatMap(({ origin }) => origin?.key ?? []) : []
}

/** The service that wants `target` now; what stands there may have been written for another. */
function sourceAt(direction: Direction, target: KeyText): KeyText | undefined {
  const key = parseKeyText(target)
  const wanting = key ? direction.places.around(key) : []
  return wanting.find((candidate) => keyText(candidate.target) === target)?.source
}

function explainService(
  name: DirectionName,
  lanes: readonly Direction[],
  source: KeyText,
): ExplainedService {
  const [first] = lanes
  return {
    direction: name,
    key: source,
    instances: first ? explainInstances(first.parts, source, isDirect(first, source)) : [],
    exports: lanes.flatMap((direction) => explainExports(direction, source)),
  }
}

function addressingOf(direction: Direction, source: KeyText): Addressing | undefined {
  const key = parseKeyText(source)
  if (!key || direction.parts.cluster === undefined) return undefined
  return direction.addressing(key)
}

function isDirect(direction: Direction, source: KeyText): boolean {
  return addressingOf(direction, source)?.mode === 'direct'
}

/** Where it stands or should stand in one registry; a second one when it was renamed. */
function explainExports(direction: Direction, source: KeyText): readonly ExplainedExport[] {
  const naming = direction.naming(source)
  const rule = naming && { rule: naming.rule }
  const wanted = naming?.kind === 'named' ? keyText(naming.target) : undefined
  const left = [...direction.exported].filter(
    (target) =>
      target !== wanted &&
      sourceAt(direction, target) === undefined &&
      originsAt(direction, target).some((origin) => keyText(origin) === source),
  )
  const registry = direction.parts.to.name
  if (wanted === undefined && left.length === 0) {
    const reason = naming?.kind === 'excluded' ? 'excluded' : 'loop'
    return [{ registry, ...rule, action: 'skip', reason, standing: [] }]
  }
  const targets = wanted === undefined ? left : [wanted, ...left]
  const addressing = addressingOf(direction, source)
  const more = { ...rule, ...(addressing && { addressing }) }
  return targets.map((target) => ({ ...explainExport(direction, target), ...more }))
}

function explainExport(direction: Direction, target: KeyText): ExplainedExport {
  const { to, toSink, budget } = direction.parts
  const key = parseKeyText(target)
  const step = key && stepOf(direction, key)
  const heldForMs = budget.heldForMs(target)
  const instances = to.record(target)?.instances ?? []
  const standing = key
    ? instances.map((one) => ({ instance: one, ...whoseIs(direction.parts, toSink, key, one) }))
    : []
  const ours = standing.find(({ whose }) => whose === 'this-gateway')?.instance ?? step?.after[0]
  const pointsHere = key !== undefined && ours !== undefined && !direction.isClusters(key, ours)
  return {
    registry: to.name,
    key: target,
    action: step?.action ?? 'in-line',
    ...(step && { reason: step.reason }),
    ...(step?.detail !== undefined && { detail: step.detail }),
    ...(heldForMs !== undefined && { heldForMs }),
    ...(pointsHere && { address: { host: ours.host, port: ours.port } }),
    standing,
  }
}
