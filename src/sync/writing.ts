import type { DirectionName } from '../registry/exposure.ts'
import type { BridgeParts } from './bridge-parts.ts'
import { RemovalBudget } from './budget.ts'
import { Direction } from './direction.ts'
import type { DirectionParts } from './direction.ts'
import { Identity } from './identity.ts'
import { Lane } from './lane.ts'
import type { Meters } from './meters.ts'
import type { Mirror } from './mirror.ts'
import { Offers } from './offers.ts'
import type { Orders } from './orders.ts'
import type { End, Side } from './side.ts'
import { Writer } from './writer.ts'

/** One direction's part that all its lanes share. */
interface Way {
  readonly name: DirectionName
  readonly from: Side
  readonly toSide: Side
  readonly offers: Offers
}

interface Sides {
  readonly legacy: Side
  readonly mesh: Side
  readonly orders: Orders
  readonly meters: Meters
}

/** All that writes: a lane into each registry, and what lets it. */
export class Writing {
  readonly #parts: BridgeParts
  readonly #sides: Sides
  /** Of both sides. */
  readonly #ends: readonly End[]
  /** One for each registry, in the order of `#ends`. */
  readonly identities: readonly Identity[]
  /** One for each registry, if replicas share an identity; by its mirror. */
  readonly #writers = new Map<Mirror, Writer>()
  /** One for each registry that is written. */
  readonly lanes: readonly Lane[]

  constructor(parts: BridgeParts, sides: Sides) {
    const { legacy, mesh } = sides
    this.#parts = parts
    this.#sides = sides
    this.#ends = [...legacy.ends, ...mesh.ends]
    this.identities = this.#ends.map((end) => this.#identity(end))
    this.lanes = [
      ...this.#lanesOf('legacy-to-mesh', legacy, mesh),
      ...this.#lanesOf('mesh-to-legacy', mesh, legacy),
    ]
  }

  get writers(): Iterable<Writer> {
    return this.#writers.values()
  }

  /** Which lanes write what `written` is the copy of. */
  lanesTo(written: Mirror): readonly Lane[] {
    return this.lanes.filter(({ direction }) => direction.parts.to === written)
  }

  #lanesOf(name: DirectionName, from: Side, toSide: Side): readonly Lane[] {
    const way = { name, from, toSide, offers: new Offers(name, this.#parts.exposure) }
    return toSide.ends.map((to) => this.#lane(way, to))
  }

  #lane(way: Way, to: End): Lane {
    const { owner, cluster, exposure, options, log, clock } = this.#parts
    const reads = { counts: () => way.from.reads(), request: () => way.from.resync() }
    const direction = new Direction({
      ...way,
      owner,
      cluster,
      to: to.mirror,
      toSink: to.registry.sink,
      identity: this.identities[this.#ends.indexOf(to)] ?? NOBODY,
      writer: this.#writer(way.from, to),
      exposure,
      budget: new RemovalBudget(options.removalBudget, clock, reads),
      orders: this.#sides.orders,
      names: options.names,
      addressing: options.addressing,
      log,
      clock,
    })
    direction.scaleToZero.configure(options.scaleToZero ?? [])
    return new Lane(direction, { ...options, log, clock, meters: this.#sides.meters })
  }

  #identity({ registry, mirror }: End): Identity {
    const { log, clock } = this.#parts
    const onChange = (): void => {
      this.#sides.meters.identity(registry.name, identity.isHeld)
      this.#permissionChanged(mirror)
    }
    const identity = new Identity(registry, { log, clock, onChange })
    return identity
  }

  #writer(from: Side, { registry, mirror }: End): DirectionParts['writer'] {
    const { cluster, log } = this.#parts
    if (cluster === undefined) return NO_WRITER
    const lease = registry.lease(cluster)
    const onChange = (): void => {
      this.#sides.meters.writer(registry.name, writer.state === 'writing')
      this.#permissionChanged(mirror)
    }
    const writer = new Writer({ registry: registry.name, lease, from, log, onChange })
    this.#writers.set(mirror, writer)
    return writer
  }

  #permissionChanged(written: Mirror): void {
    for (const lane of this.lanesTo(written)) lane.permissionChanged()
  }
}

const NOBODY: DirectionParts['identity'] = { isHeld: false, isMissing: false }
const NO_WRITER: DirectionParts['writer'] = {
  state: 'idle',
  fence: undefined,
  mayRemove: true,
  needs: () => undefined,
  lose: () => undefined,
}
