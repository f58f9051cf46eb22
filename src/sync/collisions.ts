import type { Log } from '../kernel/log.ts'
import type { KeyText } from '../registry/model.ts'
import type { Candidate } from './places.ts'

/** Services that want a place of the target and do not get it. */
export class Collisions {
  readonly #log: Log
  /** By place. */
  readonly #refused = new Map<string, readonly KeyText[]>()

  constructor(log: Log) {
    this.#log = log
  }

  get isEmpty(): boolean {
    return this.#refused.size === 0
  }

  /** In order. */
  get all(): readonly KeyText[] {
    return [...this.#refused.values()].flat().sort()
  }

  /** Notes who lost `place`, and says it once. `fields` say where it is, for the log. */
  note(
    place: string,
    winner: Candidate | undefined,
    losers: readonly Candidate[],
    fields: Readonly<Record<string, string>>,
  ): void {
    const refused = losers.map(({ source }) => source)
    if (String(refused) === String(this.#refused.get(place) ?? [])) return
    if (refused.length === 0) {
      this.#refused.delete(place)
      return
    }
    this.#refused.set(place, refused)
    this.#log.warn({ ...fields, kept: winner?.source, refused }, 'several services map to one name')
  }
}
