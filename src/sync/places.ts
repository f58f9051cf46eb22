import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import { placeOf } from './names.ts'

/** A service of the source and where in the target it would stand. */
export interface Candidate {
  readonly source: KeyText
  readonly target: ServiceKey
  /** The service as its first registry calls it: who stands at a place is known by this. */
  readonly claim: KeyText
}

const NOBODY: readonly Candidate[] = []

/** Which services of the source want which place of the target; in order of their source keys. */
export class Places {
  readonly #direction: DirectionName
  readonly #bySource = new Map<KeyText, Candidate>()
  readonly #byPlace = new Map<string, Map<KeyText, Candidate>>()

  constructor(direction: DirectionName) {
    this.#direction = direction
  }

  of(source: KeyText): Candidate | undefined {
    return this.#bySource.get(source)
  }

  all(): Iterable<Candidate> {
    return this.#bySource.values()
  }

  /** All that want the place where `target` would stand. */
  around(target: ServiceKey): readonly Candidate[] {
    const there = this.#byPlace.get(placeOf(this.#direction, target))
    if (there === undefined) return NOBODY
    const all = [...there.values()]
    return all.length === 1 ? all : all.sort((a, b) => (a.source < b.source ? -1 : 1))
  }

  /** Notes what `source` wants now, if anything; returns the targets that this may concern. */
  update(source: KeyText, candidate: Candidate | undefined): readonly ServiceKey[] {
    const before = this.#bySource.get(source)
    if (before) this.#drop(before)
    if (candidate) this.#add(candidate)
    return [before, candidate].flatMap((one) =>
      one ? [one.target, ...this.around(one.target).map(({ target }) => target)] : [],
    )
  }

  #add(candidate: Candidate): void {
    const place = placeOf(this.#direction, candidate.target)
    const there = this.#byPlace.get(place) ?? new Map<KeyText, Candidate>()
    this.#byPlace.set(place, there.set(candidate.source, candidate))
    this.#bySource.set(candidate.source, candidate)
  }

  #drop(candidate: Candidate): void {
    const place = placeOf(this.#direction, candidate.target)
    const there = this.#byPlace.get(place)
    there?.delete(candidate.source)
    if (there?.size === 0) this.#byPlace.delete(place)
    this.#bySource.delete(candidate.source)
  }
}

/**
 * Who of those that want one place gets it. `standing` are the claims that are exported there
 * already: they keep it, the first in order when there are several, so that gateways beside each
 * other decide alike without asking each other. Else the first in order of source key.
 */
export function winnerOf(
  candidates: readonly Candidate[],
  standing: ReadonlySet<KeyText>,
): Candidate | undefined {
  const first = [...standing].sort()[0]
  return first === undefined ? candidates[0] : candidates.find(({ claim }) => claim === first)
}
