import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import { contestFor } from './contest.ts'
import type { Direction } from './direction.ts'
import { foresee, placeOf } from './plan-step.ts'
import type { PlanStep } from './plan-step.ts'

/** In order of direction and key. */
export type Plan = readonly PlanStep[]

/** What reconcile would do with every service now, without writing anything. */
export function planOf(direction: Direction): Plan {
  const steps: PlanStep[] = []
  let removals = 0
  for (const target of targetsOf(direction)) {
    const { step, spends } = foresee(direction, target, removals)
    if (spends) removals += 1
    if (step) steps.push(step)
  }
  return [...steps, ...collisionsOf(direction), ...keptBack(direction)].sort((a, b) =>
    keyText(a.key) < keyText(b.key) ? -1 : 1,
  )
}

/** Every service of the target that something of ours stands, may stand, or should stand, for. */
export function targetsOf(direction: Direction): readonly ServiceKey[] {
  const wanted = [...direction.places.all()].map(({ target }) => keyText(target))
  const unheard = direction.echoes.targets.map(keyText)
  const texts = new Set<KeyText>([...wanted, ...direction.exported, ...unheard])
  return [...texts].sort().flatMap((text) => parseKeyText(text) ?? [])
}

/**
 * The service that has the very key of the target that `source` wants; undefined when `source` has
 * it, or is refused for another key of the same name, which a look at that key says.
 */
export function namesakeOf(
  direction: Direction,
  source: KeyText,
  target: ServiceKey,
): KeyText | undefined {
  const { winner } = contestFor(direction, target)
  if (!winner || winner.source === source) return undefined
  return keyText(winner.target) === keyText(target) ? winner.source : undefined
}

/** Services of the source that lost their name to one that maps to the very same key. */
function collisionsOf(direction: Direction): Plan {
  return [...direction.places.all()].flatMap(({ source, target }) => {
    const winner = namesakeOf(direction, source, target)
    if (winner === undefined) return []
    const detail = `${source}, as ${winner} has the name`
    const base = { ...placeOf(direction), key: target, before: [], after: [] }
    return [{ ...base, action: 'skip', reason: 'collision', detail }]
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
