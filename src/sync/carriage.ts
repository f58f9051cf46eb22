import type { Address } from '../registry/exposure.ts'
import type { Instance, KeyText } from '../registry/model.ts'
import { carriedOf } from './carry.ts'
import type { Carried, Crossing } from './carry.ts'
import type { Copy } from './side.ts'
import { standIn } from './translate.ts'

interface Known {
  readonly copies: readonly Copy[]
  readonly carried: Carried
}

type Draft = Omit<Instance, 'id'>

/**
 * What is carried of each service, worked out once for what its registries say of it: a service is
 * looked at several times for each change, and thousands are at a start.
 */
export class Carriage {
  readonly #crossing: Crossing
  readonly #known = new Map<KeyText, Known>()
  readonly #standIns = new WeakMap<Carried, Draft>()

  constructor(crossing: Crossing) {
    this.#crossing = crossing
  }

  /** Undefined when no registry of the source has it. */
  of(source: KeyText): Carried | undefined {
    const copies = this.#crossing.from.copies(source)
    const known = this.#known.get(source)
    if (known && sameCopies(known.copies, copies) && !this.#hasOwn(known.carried))
      return known.carried
    const carried = carriedOf(this.#crossing, source, copies)
    if (carried) this.#known.set(source, { copies, carried })
    else this.#known.delete(source)
    return carried
  }

  /** The record that stands for a service at an address of this gateway, all but its id. */
  standIn(carried: Carried, address: Address): Draft {
    const known = this.#standIns.get(carried)
    if (known?.host === address.host && known.port === address.port) return known
    const record = standIn(this.#crossing.owner, carried.key, carried.found, address)
    this.#standIns.set(carried, record)
    return record
  }

  /** What this gateway hands out grows without a word from the registries. */
  #hasOwn({ found, idle }: Carried): boolean {
    const { exposure } = this.#crossing
    return [found, idle].some((some) => some.some(({ instance }) => exposure.isOwn(instance)))
  }
}

/** Records are shared and never changed: the same list says the same. */
function sameCopies(a: readonly Copy[], b: readonly Copy[]): boolean {
  return a.length === b.length && a.every((one, at) => one.instances === b[at]?.instances)
}
