import { keyText } from '../registry/model.ts'
import type { ServiceKey } from '../registry/model.ts'
import type { Carried } from './carry.ts'
import type { Contest } from './contest.ts'
import type { Direction } from './direction.ts'

/** Why nothing of the source is to stand somewhere. */
export interface NoSource {
  readonly reason: 'gone' | 'excluded' | 'renamed' | 'collision' | 'name-taken'
  readonly detail?: string
}

/** The one service of the source that stands for `target`, or why there is none. */
export function sourceFor(
  direction: Direction,
  target: ServiceKey,
  { winner, losers, holder, taken }: Contest,
): Carried | NoSource {
  if (!winner && losers.length === 0) return whyNone(direction, target)
  if (!winner || keyText(winner.target) !== keyText(target)) {
    return { reason: 'collision', detail: `${holder ?? 'another one'} has the name` }
  }
  if (taken) return { reason: 'name-taken' }
  return direction.carried(winner.source) ?? { reason: 'gone' }
}

/** What stands there had a source in this very side once; the rules may have changed since. */
function whyNone(direction: Direction, target: ServiceKey): NoSource {
  const { from } = direction.parts
  const origin = direction.own.standing(target)[0]?.origin
  if (!origin || origin.path.length > 1 || !from.names.has(origin.registry)) {
    return { reason: 'gone' }
  }
  const naming = direction.naming(keyText(origin.key))
  switch (naming?.kind) {
    case undefined:
      return { reason: 'gone' }
    case 'excluded':
      return { reason: 'excluded', detail: naming.rule }
    case 'named':
      return { reason: 'renamed', detail: `${keyText(naming.target)}, ${naming.rule}` }
  }
}
