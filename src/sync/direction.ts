import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Address, DirectionName, Exposure } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import { addressingRules } from './addressing.ts'
import type { Addressing, AddressingOptions, AddressingRules } from './addressing.ts'
import type { RemovalBudget } from './budget.ts'
import { Carriage } from './carriage.ts'
import { namedOf } from './carry.ts'
import type { Carried } from './carry.ts'
import { Collisions } from './collisions.ts'
import { Echoes } from './echoes.ts'
import type { Identity } from './identity.ts'
import type { Mirror, MirrorChange } from './mirror.ts'
import { nameRules } from './name-rules.ts'
import type { NameOptions, NameRules } from './name-rules.ts'
import { nameOf, placeOf } from './names.ts'
import type { Naming } from './names.ts'
import type { Offers } from './offers.ts'
import { OwnRecords } from './own-records.ts'
import { Places } from './places.ts'
import type { Candidate } from './places.ts'
import { ReadBack } from './read-back.ts'
import { ScaleToZero } from './scale-to-zero.ts'
import type { Side } from './side.ts'
import type { Writer } from './writer.ts'

export interface DirectionParts {
  readonly name: DirectionName
  /** Identity of this gateway. */
  readonly owner: string
  /** Identity that it shares with its replicas; without one nothing is addressed directly. */
  readonly cluster?: string | undefined
  readonly from: Side
  /** The one registry of the other side that is written, and what it can hold. */
  readonly to: Mirror
  readonly toSink: RegistrySink
  /** Whether this process alone may write there under our identity. */
  readonly identity: Pick<Identity, 'isHeld' | 'isMissing'>
  /** Whether this process, of the replicas, writes under the shared identity there. */
  readonly writer: Pick<Writer, 'state' | 'fence' | 'mayRemove' | 'needs' | 'lose'>
  /** The side that `to` is of. */
  readonly toSide: Side
  /** Shared by the directions to all registries of that side. */
  readonly offers: Offers
  readonly exposure: Pick<Exposure, 'isOwn' | 'whyWaiting'>
  readonly budget: RemovalBudget
  /** What an operator has said; of the whole gateway. */
  readonly orders: {
    about(direction: Direction, target: ServiceKey): 'pause' | 'drain' | undefined
  }
  readonly log: Log
  readonly clock: Clock
  readonly names: NameOptions
  /** Absent is `gateway` for all. */
  readonly addressing?: AddressingOptions | undefined
}

/** From one side to a registry of the other: what is known of it between two looks at a service. */
export class Direction {
  readonly parts: DirectionParts
  readonly places: Places
  readonly echoes = new Echoes()
  /** What this gateway and its cluster have in the target. */
  readonly own: OwnRecords
  readonly scaleToZero = new ScaleToZero()
  /** Services of the target at which something of ours stands. */
  readonly exported = new Set<KeyText>()
  /** Of these, where nothing stands that points to this gateway. */
  readonly #direct = new Set<KeyText>()
  readonly #collisions: Collisions
  readonly #deferred = new Map<KeyText, ServiceKey>()
  readonly #carriage: Carriage
  readonly #readBack: ReadBack
  #rules: NameRules
  #addressing: AddressingRules

  constructor(parts: DirectionParts) {
    this.parts = parts
    this.places = new Places(parts.name)
    this.own = new OwnRecords(parts, this.echoes)
    this.#collisions = new Collisions(parts.log)
    this.#carriage = new Carriage(parts)
    this.#readBack = new ReadBack(parts.toSink)
    this.#rules = this.#rulesFrom(parts.names)
    this.#addressing = addressingRules(parts.name, parts.addressing)
  }

  /** Services of the target at which something stands that points to this gateway. */
  get pointing(): number {
    return this.exported.size - this.#direct.size
  }

  /** The source has changed: notes who wants which place, returns the targets to look at. */
  sourceChanged({ keys, regained }: MirrorChange): readonly ServiceKey[] {
    const targets = keys.flatMap((key) => this.#place(keyText(key)))
    return regained ? [...targets, ...this.takeDeferred()] : targets
  }

  /** The target has changed: returns the targets to look at. */
  targetChanged({ keys, regained }: MirrorChange): readonly ServiceKey[] {
    const targets = keys.flatMap((key) => {
      const target = keyText(key)
      this.echoes.heard(key, this.parts.to.record(target))
      const stood = this.exported.has(target)
      const stands = this.#noteOwned(key, target)
      const around = this.places.around(key).map((candidate) => candidate.target)
      // The target's own services are none of ours, unless one of the source wants their place.
      return stood || stands || around.length > 0 ? [key, ...around] : []
    })
    if (!regained) return targets
    const unheard = this.echoes.targets
    this.echoes.readAgain(this.parts.to.readEnds)
    return [...targets, ...this.takeDeferred(), ...unheard]
  }

  /** Looks at `target` again when a mirror vouches again, or the identity is ours. */
  defer(target: ServiceKey): void {
    this.#deferred.set(keyText(target), target)
  }

  /** It is looked at now. */
  takeUp(target: ServiceKey): void {
    this.#deferred.delete(keyText(target))
  }

  /** Returns what was put off until something that it waits for has come; it is looked at again. */
  takeDeferred(): readonly ServiceKey[] {
    const targets = [...this.#deferred.values()]
    this.#deferred.clear()
    return targets
  }

  get deferred(): number {
    return this.#deferred.size
  }

  /** Services that did not get the name they would have in the target. */
  get collisions(): readonly KeyText[] {
    return this.#collisions.all
  }

  /** Notes who lost the place of `target`, and says it once. */
  noteCollision(
    target: ServiceKey,
    winner: Candidate | undefined,
    losers: readonly Candidate[],
  ): void {
    const { name, to } = this.parts
    if (losers.length === 0 && this.#collisions.isEmpty) return
    const fields = { direction: name, registry: to.name, target: keyText(target) }
    this.#collisions.note(placeOf(name, target), winner, losers, fields)
  }

  /** What of a service is carried on; undefined when no registry of the source has it. */
  carried(source: KeyText): Carried | undefined {
    return this.#carriage.of(source)
  }

  /** What a service is called in the target, or why it does not go there, and by which rule. */
  naming(source: KeyText): Naming | undefined {
    const carried = this.carried(source)
    const service = carried && namedOf(carried)
    return service && nameOf(service, this.#rules)
  }

  /** At which addresses a service is to be seen, and by which rule. */
  addressing(key: ServiceKey): Addressing {
    return this.#addressing(key)
  }

  /** By other rules from now on; returns the targets to look at. */
  configure(names: NameOptions, addressing: AddressingOptions | undefined): readonly ServiceKey[] {
    this.#rules = this.#rulesFrom(names)
    this.#addressing = addressingRules(this.parts.name, addressing)
    return [...this.parts.from.services()].flatMap(([source]) => this.#place(source))
  }

  /** The record that stands for a service at an address of this gateway, all but its id. */
  standIn(carried: Carried, address: Address): Omit<Instance, 'id'> {
    return this.#carriage.standIn(carried, address)
  }

  /** As `offer`, for an entry of ours that stays while its service runs nowhere; see Offers.keep. */
  keepOffer(target: ServiceKey, { origin }: Instance): ReturnType<Offers['keep']> {
    const { to, offers } = this.parts
    return offers.keep(to.name, target, origin?.key)
  }

  /** What a reader of the target gets back for each of `records`, all that is to stand there. */
  asWritten(target: ServiceKey, records: readonly Omit<Instance, 'id'>[]): readonly Instance[] {
    return this.#readBack.of(target, records)
  }

  /** Nothing that points to this gateway is to stand for `target`. */
  withdrawOffer(target: ServiceKey): void {
    this.parts.offers.end(this.parts.to.name, target)
  }

  /** Nothing of ours is to stand for `target`. */
  ended(target: ServiceKey): void {
    this.withdrawOffer(target)
    this.#readBack.forget(target)
  }

  /** Notes whether anything of ours stands for a service of the target, and says so. */
  #noteOwned(key: ServiceKey, target: KeyText): boolean {
    const owned = this.own.read(key)
    if (owned.length > 0) this.exported.add(target)
    else this.exported.delete(target)
    const direct = owned.length > 0 && owned.every((one) => this.own.isClusters(key, one))
    if (direct) this.#direct.add(target)
    else this.#direct.delete(target)
    return owned.length > 0
  }

  /** Notes which place a service wants, if any; returns the targets that this concerns. */
  #place(source: KeyText): readonly ServiceKey[] {
    return this.places.update(source, this.#candidate(source))
  }

  #candidate(source: KeyText): Candidate | undefined {
    const naming = this.naming(source)
    if (naming?.kind !== 'named') return undefined
    return { source, target: naming.target, claim: naming.claim }
  }

  #rulesFrom(options: NameOptions): NameRules {
    const { name, toSink } = this.parts
    return nameRules(name, options, (key) => toSink.accepts(key) === true)
  }
}
