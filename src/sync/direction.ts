import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Address, DirectionName, Exposure } from '../registry/exposure.ts'
import { isUsable, keyText, sameInstance } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import type { RemovalBudget } from './budget.ts'
import { Echoes } from './echoes.ts'
import { loopReason, owns } from './guards.ts'
import { instancesOf, merged } from './merge.ts'
import type { Found } from './merge.ts'
import type { Mirror, MirrorChange } from './mirror.ts'
import { placeOf, targetKeyOf } from './names.ts'
import type { Offers } from './offers.ts'
import { Places } from './places.ts'
import type { Candidate } from './places.ts'
import type { Side } from './side.ts'
import { nearest, originOf, sharedLabel } from './translate.ts'

export interface DirectionParts {
  readonly name: DirectionName
  /** Identity of this gateway. */
  readonly owner: string
  readonly from: Side
  /** The one registry of the other side that is written, and what it can hold. */
  readonly to: Mirror
  readonly toSink: RegistrySink
  /** The side that `to` is of. */
  readonly toSide: Side
  /** Shared by the directions to all registries of that side. */
  readonly offers: Offers
  readonly exposure: Pick<Exposure, 'isOwn'>
  readonly budget: RemovalBudget
  readonly log: Log
  readonly clock: Clock
  /** Exact name on its own side -> name on the other side. */
  readonly overrides: ReadonlyMap<string, string>
}

/** A record, and what its reader will get back. */
interface Written {
  readonly record: Omit<Instance, 'id'>
  readonly read: Instance
}

/** What of a service goes across. */
export interface Carried {
  readonly key: ServiceKey
  /** Of those that no loop guard keeps back the usable ones, if any, and of these the nearest. */
  readonly found: readonly Found[]
}

/** From one side to a registry of the other: what is known of it between two looks at a service. */
export class Direction {
  readonly parts: DirectionParts
  readonly places: Places
  readonly echoes = new Echoes()
  /** Services of the target at which something of ours stands. */
  readonly exported = new Set<KeyText>()
  /** By place of the target: services that want it and do not get it. */
  readonly #collisions = new Map<string, readonly KeyText[]>()
  readonly #deferred = new Map<KeyText, ServiceKey>()
  readonly #written = new Map<KeyText, Written>()

  constructor(parts: DirectionParts) {
    this.parts = parts
    this.places = new Places(parts.name)
  }

  /** The source has changed: notes who wants which place, returns the targets to look at. */
  sourceChanged({ keys, regained }: MirrorChange): readonly ServiceKey[] {
    const targets = keys.flatMap((key) => {
      const source = keyText(key)
      return this.places.update(source, this.#candidate(source))
    })
    return regained ? [...targets, ...this.#takeDeferred()] : targets
  }

  /** The target has changed: returns the targets to look at. */
  targetChanged({ keys, regained }: MirrorChange): readonly ServiceKey[] {
    for (const key of keys) {
      const target = keyText(key)
      this.echoes.heard(key)
      if (this.owned(key).length > 0) this.exported.add(target)
      else this.exported.delete(target)
    }
    const targets = keys.flatMap((key) => [
      key,
      ...this.places.around(key).map(({ target }) => target),
    ])
    return regained ? [...targets, ...this.#takeDeferred(), ...this.echoes.giveUp()] : targets
  }

  /** Looks at `target` again when a mirror vouches again. */
  defer(target: ServiceKey): void {
    this.#deferred.set(keyText(target), target)
  }

  get deferred(): number {
    return this.#deferred.size
  }

  /** Services that did not get the name they would have in the target. */
  get collisions(): readonly KeyText[] {
    return [...this.#collisions.values()].flat().sort()
  }

  /** Notes who lost the place of `target`, and says it once. */
  noteCollision(
    target: ServiceKey,
    winner: Candidate | undefined,
    losers: readonly Candidate[],
  ): void {
    const place = placeOf(this.parts.name, target)
    const refused = losers.map(({ source }) => source)
    if (String(refused) === String(this.#collisions.get(place) ?? [])) return
    if (refused.length === 0) {
      this.#collisions.delete(place)
      return
    }
    this.#collisions.set(place, refused)
    const { name, to } = this.parts
    const fields = {
      direction: name,
      registry: to.name,
      target: keyText(target),
      kept: winner?.source,
    }
    this.parts.log.warn({ ...fields, refused }, 'several services map to one name')
  }

  /** What of a service is carried on; undefined when no registry of the source has it. */
  carried(source: KeyText): Carried | undefined {
    const copies = this.parts.from.copies(source)
    const [first] = copies
    if (!first) return undefined
    const targets = this.parts.toSide.names
    const free = copies.map(({ end, key, instances }) => {
      const { sink } = end.registry
      const carriable = (one: Instance): boolean =>
        loopReason(this.parts, sink, targets, key, one) === undefined
      return { end, key, instances: instances.filter(carriable) }
    })
    const found = merged(free)
    const usable = found.filter(({ instance }) => isUsable(instance))
    return { key: first.key, found: nearest(usable.length > 0 ? usable : found) }
  }

  /** Offers a service to the edge as what stands behind `target`, and returns its address. */
  offer(target: ServiceKey, { key, found }: Carried): Address | undefined {
    const { from, to, offers } = this.parts
    return offers.make(to.name, target, key, instancesOf(found, from.ends.length > 1))
  }

  /** What a reader of the target gets back for `record`. The last answer for `target` is kept. */
  asWritten(target: ServiceKey, record: Omit<Instance, 'id'>): Instance {
    const { toSink } = this.parts
    const text = keyText(target)
    const known = this.#written.get(text)
    if (known && sameInstance({ ...known.record, id: '' }, { ...record, id: '' })) return known.read
    const read = toSink.normalize(target, { ...record, id: toSink.idFor(target, record) })
    this.#written.set(text, { record, read })
    return read
  }

  /** Nothing of ours is to stand for `target`. */
  ended(target: ServiceKey): void {
    this.parts.offers.end(this.parts.to.name, target)
    this.#written.delete(keyText(target))
  }

  /** What of the target's record we wrote. */
  owned(target: ServiceKey): readonly Instance[] {
    const { to, toSink } = this.parts
    const instances = to.record(keyText(target))?.instances ?? []
    return instances.filter((instance) => owns(this.parts, toSink, target, instance))
  }

  #takeDeferred(): readonly ServiceKey[] {
    const targets = [...this.#deferred.values()]
    this.#deferred.clear()
    return targets
  }

  #candidate(source: KeyText): Candidate | undefined {
    const carried = this.carried(source)
    if (!carried || carried.found.length === 0) return undefined
    const { name, overrides, toSink } = this.parts
    const { key, found } = carried
    const origin = originOf(found)
    const label = sharedLabel(found, 'interface')
    const target = targetKeyOf(
      { key, ...(origin && { origin }), ...(label && { interface: label }) },
      { direction: name, overrides, accepts: (one) => toSink.accepts(one) === true },
    )
    return { source, target, claim: keyText(origin?.key ?? key) }
  }
}
