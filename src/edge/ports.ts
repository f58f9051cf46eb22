import { createHash } from 'node:crypto'
import { IsthmusError } from '../kernel/errors.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText } from '../registry/model.ts'
import type { StateStore } from '../registry/ports.ts'

/** Both ends included. */
export interface PortRange {
  readonly from: number
  readonly to: number
}

/** One service as the other side sees it. */
export type ServiceId = string & { readonly brand: 'ServiceId' }

export function serviceId(direction: DirectionName, key: KeyText): ServiceId {
  return `${direction} ${key}` as ServiceId
}

const STATE_NAME = 'ports'

/**
 * Which port each service has, for good: a service that comes back gets the port it had. The
 * search begins at a hash of the service, so that replicas with the same services agree without
 * talking. Nothing is announced before `save` resolved.
 */
export class PortTable {
  readonly #range: PortRange
  readonly #store: StateStore
  readonly #ports = new Map<ServiceId, number>()
  readonly #services = new Map<number, ServiceId>()
  #version: string | undefined

  private constructor(range: PortRange, store: StateStore) {
    this.#range = range
    this.#store = store
  }

  /**
   * The table as it was saved; services whose port is outside of `range` now lose it. Rejects
   * with STATE_UNAVAILABLE, or with STATE_CONFLICT when what was saved cannot be trusted: to begin
   * anew would give services other ports than their callers know.
   */
  static async load(range: PortRange, store: StateStore, signal: AbortSignal): Promise<PortTable> {
    const table = new PortTable(range, store)
    const saved = await store.load(STATE_NAME, signal)
    table.#version = saved?.version
    for (const [id, port] of saved === undefined ? [] : parseSaved(saved.value)) {
      if (table.#services.has(port)) throw conflict(`two services have port ${port}`)
      if (port >= range.from && port <= range.to) table.#assign(id, port)
    }
    return table
  }

  /** Undefined for a service that never had one. */
  get(id: ServiceId): number | undefined {
    return this.#ports.get(id)
  }

  isAssigned(port: number): boolean {
    return this.#services.has(port)
  }

  /**
   * A port for a service that has none, and not one of `taken`, which something else on this
   * machine uses. Throws PORTS_EXHAUSTED.
   */
  assign(id: ServiceId, taken: ReadonlySet<number>): number {
    const { from, to } = this.#range
    const size = to - from + 1
    const start = createHash('sha256').update(id).digest().readUInt32BE() % size
    for (let step = 0; step < size; step += 1) {
      const port = from + ((start + step) % size)
      if (this.#services.has(port) || taken.has(port)) continue
      this.#assign(id, port)
      return port
    }
    throw new IsthmusError('PORTS_EXHAUSTED', 'every port of the range has its service', {
      details: { from, to },
    })
  }

  /** Takes back an assignment that was never announced. */
  unassign(id: ServiceId): void {
    const port = this.#ports.get(id)
    this.#ports.delete(id)
    if (port !== undefined) this.#services.delete(port)
  }

  /** Durable when it resolves. Rejects with STATE_UNAVAILABLE. */
  async save(signal: AbortSignal): Promise<void> {
    const ports = [...this.#ports].sort(([a], [b]) => (a < b ? -1 : 1))
    const text = JSON.stringify(Object.fromEntries(ports), null, 1)
    this.#version = await this.#store.save(STATE_NAME, text, this.#version, signal)
  }

  #assign(id: ServiceId, port: number): void {
    this.#ports.set(id, port)
    this.#services.set(port, id)
  }
}

function parseSaved(text: string): readonly (readonly [ServiceId, number])[] {
  let saved: unknown
  try {
    saved = JSON.parse(text)
  } catch (cause) {
    throw conflict('it is not JSON', cause)
  }
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) {
    throw conflict('it is not an object')
  }
  return Object.entries(saved).map(([id, port]) => {
    if (!Number.isInteger(port)) throw conflict(`no port at ${id}`)
    return [id as ServiceId, Number(port)]
  })
}

function conflict(what: string, cause?: unknown): IsthmusError {
  return new IsthmusError('STATE_CONFLICT', `the saved ports cannot be used: ${what}`, { cause })
}
