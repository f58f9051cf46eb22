import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import { isOpen } from './echoes.ts'
import type { Echoes } from './echoes.ts'
import { isClusters, owns } from './guards.ts'
import type { Mirror } from './mirror.ts'

interface Identity {
  readonly owner: string
  readonly cluster?: string | undefined
  /** The registry that is written. */
  readonly to: Mirror
  readonly toSink: RegistrySink
}

/** What one gateway and its cluster have written into one registry: as read, and as written since. */
export class OwnRecords {
  readonly #identity: Identity
  readonly #echoes: Echoes

  constructor(identity: Identity, echoes: Echoes) {
    this.#identity = identity
    this.#echoes = echoes
  }

  /** What of the target's record we wrote. */
  read(target: ServiceKey): readonly Instance[] {
    const { to, toSink } = this.#identity
    const instances = to.record(keyText(target))?.instances ?? []
    return instances.filter((instance) => owns(this.#identity, toSink, target, instance))
  }

  /** … and what was put or taken away and is not heard of: each of it may be there or not. */
  mayStand(target: ServiceKey): readonly Instance[] {
    const read = this.read(target)
    const unheard = this.#echoes.unheard(target)
    if (unheard.length === 0) return read
    const byId = new Map(read.map((one) => [one.id, one]))
    const isRead = (one: Instance): boolean => {
      const other = byId.get(one.id)
      return other !== undefined && sameInstance(other, one)
    }
    const open = unheard.filter((echo) => isOpen(echo, byId.get(echo.instance.id)))
    return [...read, ...open.map(({ instance }) => instance).filter((one) => !isRead(one))]
  }

  /** What stands by what was read, and by what was answered since. */
  standing(target: ServiceKey): readonly Instance[] {
    const read = this.read(target)
    const later = this.#echoes.certain(target)
    if (later.length === 0) return read
    const ids = new Set(later.map(({ instance }) => instance.id))
    const put = later.filter(({ stands }) => stands).map(({ instance }) => instance)
    return [...read.filter(({ id }) => !ids.has(id)), ...put]
  }

  /** What may stand and points to this gateway: what a drain takes back. */
  pointingHere(target: ServiceKey): readonly Instance[] {
    return this.mayStand(target).filter((one) => !this.isClusters(target, one))
  }

  /** Whether what is ours was written for all replicas. */
  isClusters(target: ServiceKey, instance: Instance): boolean {
    return isClusters(this.#identity, this.#identity.toSink, target, instance)
  }
}
