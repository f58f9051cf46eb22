import { isUsable, keyText } from '../registry/model.ts'
import type { KeyText, ServiceKey, ServiceRecord } from '../registry/model.ts'
import type { Direction } from './direction.ts'
import { owns } from './guards.ts'
import { placeOf } from './names.ts'
import { winnerOf } from './places.ts'
import type { Candidate } from './places.ts'

/** Who gets the place at which `target` would stand, and who wanted it too. */
export interface Contest {
  readonly winner?: Candidate
  readonly losers: readonly Candidate[]
  /** The service that keeps the place, as its first registry calls it; others want it too. */
  readonly holder?: KeyText
  /** A service of the target's own stands there, under another protocol, group or version. */
  readonly taken: boolean
}

const NONE: readonly Candidate[] = []
const UNWANTED: Contest = { losers: NONE, taken: false }

export function contestFor(direction: Direction, target: ServiceKey): Contest {
  const candidates = direction.places.around(target)
  const [only] = candidates
  // Most often: one service wants a place where nothing stands.
  if (candidates.length <= 1 && direction.parts.to.named(target.name).length === 0) {
    return only ? { winner: only, losers: NONE, taken: false } : UNWANTED
  }
  const standing = standingClaims(direction, target, candidates)
  const winner = winnerOf(candidates, standing)
  const holder = [...standing].sort()[0] ?? winner?.claim
  const losers = candidates.filter((candidate) => candidate !== winner)
  return {
    ...(winner && { winner }),
    ...(holder !== undefined && { holder }),
    losers,
    taken: isTaken(direction, target),
  }
}

/**
 * By whose claims gateways have written there. Ours count until it is certain that they have no
 * source any more, those of others while they answer: a dead gateway's leftover holds no name.
 */
function standingClaims(
  direction: Direction,
  target: ServiceKey,
  candidates: readonly Candidate[],
): ReadonlySet<KeyText> {
  const { owner, cluster, from } = direction.parts
  const alive = new Set(candidates.map(({ claim }) => claim))
  const claims = recordsAt(direction, target)
    .flatMap(({ instances }) => instances)
    .flatMap((instance) => {
      const { origin } = instance
      if (!origin) return []
      const claim = keyText(origin.key)
      const stands =
        origin.owner === owner || origin.owner === cluster
          ? alive.has(claim) || !from.vouchesForEnd(origin)
          : isUsable(instance)
      return stands ? [claim] : []
    })
  return new Set(claims)
}

/** What stands there already is never taken away for it. */
function isTaken(direction: Direction, target: ServiceKey): boolean {
  const text = keyText(target)
  if (direction.exported.has(text)) return false
  const { parts } = direction
  return recordsAt(direction, target)
    .filter(({ key }) => keyText(key) !== text)
    .some(({ key, instances }) =>
      instances.some((one) => !one.origin && !owns(parts, parts.toSink, key, one)),
    )
}

function recordsAt(direction: Direction, target: ServiceKey): readonly ServiceRecord[] {
  const { name, to } = direction.parts
  const place = placeOf(name, target)
  return to.named(target.name).filter(({ key }) => placeOf(name, key) === place)
}
