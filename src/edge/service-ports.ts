import type { Socket } from 'node:net'
import { errorCode, explainError, isRetryable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Address, DirectionName, Exposure, Offer } from '../registry/exposure.ts'
import { keyText, type KeyText } from '../registry/model.ts'
import { Bell } from './bell.ts'
import type { PortListeners } from './port-listeners.ts'
import { serviceId, type ServiceId } from './assignment.ts'
import type { PortTable } from './ports.ts'
import type { RouteBook } from './route-book.ts'

/** A port that could not be opened, or state that could not be saved, is tried again after this. */
const RETRY_MS = 2_000

/** Ports opened at the same time: enough to be quick, few enough to let requests through. */
const BATCH = 256

export interface ServicePortsDeps {
  readonly ports: PortTable
  /** How often it is said which services are there, and read what other replicas have saved. */
  readonly refreshMs: number
  readonly listeners: PortListeners
  readonly routes: RouteBook
  /** Host that the callers of a direction dial. */
  readonly advertised: Readonly<Record<DirectionName, string>>
  readonly accept: (port: number, socket: Socket) => void
  readonly log: Log
}

/**
 * Gives each offered service its port, opens it, and says so once it accepts and the port is
 * saved. `run` does the work behind `offer`, which never waits.
 */
export class ServicePorts implements Exposure {
  readonly #deps: ServicePortsDeps
  readonly #offers = new Map<ServiceId, Offer>()
  readonly #announced = new Set<ServiceId>()
  /** Ports that accept, or are about to. */
  readonly #open = new Map<ServiceId, number>()
  /** To be opened now. */
  readonly #waiting = new Set<ServiceId>()
  /** To be opened after a while, and why not now. */
  readonly #failed = new Map<ServiceId, string>()
  /** Open, but a crash would forget the port: nobody hears of it before it is saved. */
  readonly #unsaved = new Set<ServiceId>()
  readonly #wakers = new Set<(direction: DirectionName, key: KeyText) => void>()
  readonly #bell = new Bell()
  #closed = false

  constructor(deps: ServicePortsDeps) {
    this.#deps = deps
  }

  offer(offer: Offer): Address | undefined {
    if (this.#closed) return undefined
    const id = serviceId(offer.direction, keyText(offer.key))
    const port = this.#deps.ports.get(id)
    const told = offer.endpoints.length > 0 ? offer : (this.#offers.get(id) ?? offer)
    this.#offers.set(id, told)
    if (port !== undefined && this.#announced.has(id)) {
      this.#deps.routes.set(told, port)
      return { host: this.#deps.advertised[offer.direction], port }
    }
    if (!this.#failed.has(id) && !this.#unsaved.has(id)) {
      this.#waiting.add(id)
      this.#bell.ring()
    }
    return undefined
  }

  whyWaiting(direction: DirectionName, key: KeyText): string | undefined {
    const id = serviceId(direction, key)
    if (this.#closed) return 'this gateway accepts nothing any more'
    if (!this.#offers.has(id) || this.#announced.has(id)) return undefined
    if (this.#unsaved.has(id)) return 'its port is open, and not saved yet'
    return this.#failed.get(id) ?? 'its port is about to be opened'
  }

  withdraw(direction: DirectionName, key: KeyText): void {
    const id = serviceId(direction, key)
    this.#offers.delete(id)
    this.#waiting.delete(id)
    this.#failed.delete(id)
    this.#announced.delete(id)
    this.#deps.ports.mark(id, 'gone')
    this.#shut(id)
  }

  onChange(wake: (direction: DirectionName, key: KeyText) => void): () => void {
    this.#wakers.add(wake)
    return () => this.#wakers.delete(wake)
  }

  isOwn({ host, port }: Address): boolean {
    const { advertised, ports } = this.#deps
    const own = Object.values(advertised).some((name) => name.toLowerCase() === host.toLowerCase())
    return own && ports.isAssigned(port)
  }

  /** How many services are offered, and how many of them have no address yet. */
  get counts(): { readonly offered: number; readonly waiting: number } {
    return { offered: this.#offers.size, waiting: this.#offers.size - this.#announced.size }
  }

  /** Accepts nothing any more, for good. */
  close(): void {
    this.#closed = true
    this.#waiting.clear()
    this.#deps.listeners.closeAll()
  }

  async run(signal: AbortSignal): Promise<void> {
    for (let refreshedMs = performance.now(); !signal.aborted;) {
      for (const batch of batches([...this.#waiting])) {
        await Promise.all(batch.map((id) => this.#openPort(id)))
      }
      await this.#save(signal)
      const untilRefreshMs = refreshedMs + this.#deps.refreshMs - performance.now()
      if (untilRefreshMs <= 0) {
        await this.#refresh(signal)
        refreshedMs = performance.now()
      }
      if (this.#waiting.size > 0 || untilRefreshMs <= 0) continue
      const again = this.#failed.size > 0 || this.#unsaved.size > 0
      await this.#bell.wait(again ? Math.min(RETRY_MS, untilRefreshMs) : untilRefreshMs, signal)
      for (const id of this.#failed.keys()) this.#waiting.add(id)
    }
  }

  async #openPort(id: ServiceId): Promise<void> {
    const { ports, log } = this.#deps
    this.#waiting.delete(id)
    try {
      const port = ports.get(id)
      if (port === undefined) await this.#openFresh(id)
      else await this.#openAt(id, port)
      this.#failed.delete(id)
      if (!this.#unsaved.has(id)) this.#announce(id)
    } catch (err) {
      const known = this.#failed.has(id)
      this.#failed.set(id, explainError(err))
      const fields = { service: id, port: ports.get(id), code: errorCode(err), err }
      log[known ? 'debug' : 'warn'](fields, 'service has no open port, will retry')
    }
  }

  /** The first free port for this service; one that something else uses is passed over. */
  async #openFresh(id: ServiceId): Promise<void> {
    const { ports } = this.#deps
    for (const taken = new Set<number>(); ;) {
      const port = ports.assign(id, taken)
      try {
        await this.#openAt(id, port)
        return
      } catch (error) {
        ports.unassign(id)
        if (!isRetryable(error)) throw error
        taken.add(port)
      }
    }
  }

  async #openAt(id: ServiceId, port: number): Promise<void> {
    const { ports, listeners, routes, accept } = this.#deps
    this.#open.set(id, port)
    try {
      if (!listeners.has(port)) await listeners.open(port, (socket) => accept(port, socket))
    } catch (error) {
      this.#open.delete(id)
      throw error
    }
    const offer = this.#offers.get(id) // it may have changed, or gone, meanwhile
    if (!offer || this.#closed) {
      this.#shut(id)
      return
    }
    routes.set(offer, port)
    if (!ports.isSafe(id)) this.#unsaved.add(id)
    ports.mark(id, 'here')
  }

  #shut(id: ServiceId): void {
    const port = this.#open.get(id)
    if (port === undefined) return
    this.#open.delete(id)
    this.#deps.listeners.close(port)
    this.#deps.routes.remove(port)
  }

  async #save(signal: AbortSignal): Promise<void> {
    if (this.#unsaved.size === 0) return
    const saved = [...this.#unsaved]
    try {
      await this.#deps.ports.save(signal)
    } catch (err) {
      if (signal.aborted) return
      this.#deps.log.error({ code: errorCode(err), err }, 'ports could not be saved, will retry')
      return
    }
    this.#moveOff()
    for (const id of saved) {
      this.#unsaved.delete(id)
      if (this.#open.has(id)) this.#announce(id)
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.ports.refresh((id) => this.#offers.has(id), signal)
      this.#moveOff()
    } catch (err) {
      if (signal.aborted) return
      this.#deps.log.warn({ code: errorCode(err), err }, 'ports could not be read, will retry')
    }
  }

  /** A replica was faster: what has another port by now listens there, and hears of it after that. */
  #moveOff(): void {
    const { ports, log } = this.#deps
    for (const [id, port] of this.#open) {
      if (ports.get(id) === port) continue
      log.info(
        { service: id, port, assigned: ports.get(id) },
        'a replica has assigned another port',
      )
      this.#shut(id)
      this.#unsaved.delete(id)
      this.#announced.delete(id)
      if (this.#offers.has(id)) this.#waiting.add(id)
    }
  }

  #announce(id: ServiceId): void {
    const offer = this.#offers.get(id)
    if (!offer || this.#closed) return
    this.#announced.add(id)
    for (const wake of this.#wakers) wake(offer.direction, keyText(offer.key))
  }
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += BATCH) yield all.slice(start, start + BATCH)
}
