import { createHash } from 'node:crypto'
import { IsthmusError } from '../kernel/errors.ts'
import type { Assignment, ServiceId } from './assignment.ts'
import { chunkOf, PortChunk, portsOf, type PortDeps } from './port-chunk.ts'

export interface PortOptions {
  /** Both ends included. */
  readonly from: number
  readonly to: number
  /** How long after its service has gone a port goes to no other one. */
  readonly quarantineMs: number
}

/** The ports that one service may have; the search begins at `start` and goes round. */
interface Home {
  readonly from: number
  readonly to: number
  readonly start: number
  readonly chunk: PortChunk
}

/** A wall clock may jump; no port is given away sooner than this after it was seen to be free. */
const LONGEST_JUMP_MS = 3_600_000

/** How often to `refresh`: what is not said to be there for a quarantine may be given away. */
export function refreshMs({ quarantineMs }: PortOptions): number {
  return Math.min(LONGEST_JUMP_MS, Math.max(1_000, quarantineMs / 8))
}

/**
 * Which port each service has. A service that comes back gets the port it had; only when its part
 * of the range is full is the port of the service that has been gone for longest, and for
 * `quarantineMs` at least, given to another one. The search begins at a hash of the service, so
 * that replicas agree where they can. Where they share a store they agree always: a service has
 * its port in one chunk only, and whoever saves that too late takes what the other one assigned.
 * Nothing is announced before `save` resolved.
 */
export class PortTable {
  readonly #options: PortOptions
  readonly #deps: PortDeps
  readonly #chunks = new Map<number, PortChunk>()
  /** Of services whose port is in the range. */
  #ports = new Map<ServiceId, number>()

  private constructor(options: PortOptions, deps: PortDeps) {
    this.#options = options
    this.#deps = deps
    for (let chunk = chunkOf(options.from); chunk <= chunkOf(options.to); chunk += 1) {
      this.#chunks.set(chunk, new PortChunk(chunk, deps))
    }
  }

  /**
   * The table as it was saved; services whose port is outside of the range now lose it. Rejects
   * with STATE_UNAVAILABLE, or with STATE_CONFLICT when what was saved cannot be trusted: to begin
   * anew would give services other ports than their callers know.
   */
  static async load(options: PortOptions, deps: PortDeps, signal: AbortSignal): Promise<PortTable> {
    const table = new PortTable(options, deps)
    for (const chunk of table.#chunks.values()) await chunk.load(signal)
    table.#index()
    return table
  }

  /** Undefined for a service that has none. */
  get(id: ServiceId): number | undefined {
    return this.#ports.get(id)
  }

  isAssigned(port: number): boolean {
    return this.#at(port) !== undefined
  }

  /**
   * A port for a service that has none, and not one of `taken`, which something else on this
   * machine uses. Throws PORTS_EXHAUSTED.
   */
  assign(id: ServiceId, taken: ReadonlySet<number>): number {
    const home = this.#homeOf(id)
    const port = freeIn(home, taken) ?? this.#recyclableIn(home, taken)
    if (port === undefined) {
      const details = { service: id, from: home.from, to: home.to }
      const message = `ports ${String(home.from)} to ${String(home.to)}: each has its service, or had it less than the quarantine ago`
      throw new IsthmusError('PORTS_EXHAUSTED', message, { details })
    }
    const before = home.chunk.at(port)
    if (before) this.#ports.delete(before.id)
    home.chunk.put({ id, port })
    this.#ports.set(id, port)
    return port
  }

  /** Takes back an assignment that was never saved. */
  unassign(id: ServiceId): void {
    const port = this.#ports.get(id)
    if (port === undefined) return
    this.#ports.delete(id)
    this.#chunks.get(chunkOf(port))?.revert(port)
    const before = this.#at(port)
    if (before) this.#ports.set(before.id, port)
  }

  /** Whether its port may be announced at once: others know of it, and none may give it away. */
  isSafe(id: ServiceId): boolean {
    const port = this.#ports.get(id)
    if (port === undefined || this.#chunks.get(chunkOf(port))?.isFresh(port)) return false
    const goneMs = this.#at(port)?.goneMs
    const { clock } = this.#deps
    return goneMs === undefined || clock.nowMs() - goneMs < this.#options.quarantineMs / 2
  }

  /** The service is there, or has gone; with the next save others know it too. */
  mark(id: ServiceId, state: 'here' | 'gone'): void {
    const port = this.#ports.get(id)
    if (port === undefined) return
    const isGone = this.#at(port)?.goneMs !== undefined
    if (isGone === (state === 'gone')) return
    const goneMs = state === 'gone' ? this.#deps.clock.nowMs() : undefined
    this.#chunks.get(chunkOf(port))?.put({ id, port, goneMs })
  }

  /**
   * Durable when it resolves. What others saved before wins: a service may have another port then,
   * or none. Rejects with STATE_UNAVAILABLE.
   */
  async save(signal: AbortSignal): Promise<void> {
    try {
      for (const chunk of this.#chunks.values()) await chunk.save(signal)
    } finally {
      this.#index()
    }
  }

  /** Reads what others have saved, marks which services are there and which are not, and saves. */
  async refresh(isHere: (id: ServiceId) => boolean, signal: AbortSignal): Promise<void> {
    for (const chunk of this.#chunks.values()) await chunk.load(signal)
    this.#index()
    for (const id of this.#ports.keys()) this.mark(id, isHere(id) ? 'here' : 'gone')
    await this.save(signal)
  }

  #at(port: number): Assignment | undefined {
    return this.#chunks.get(chunkOf(port))?.at(port)
  }

  /** A change of the range can leave a service with two: the lower one is in force. */
  #index(): void {
    const { from, to } = this.#options
    const all = [...this.#chunks.values()].flatMap((chunk) => chunk.all())
    const inRange = all.filter(({ port }) => port >= from && port <= to)
    const falling = inRange.sort((a, b) => b.port - a.port)
    this.#ports = new Map(falling.map(({ id, port }) => [id, port]))
  }

  #homeOf(id: ServiceId): Home {
    const { from, to } = this.#options
    const hash = createHash('sha256').update(id).digest().readUInt32BE()
    const start = from + (hash % (to - from + 1))
    const chunk = this.#chunks.get(chunkOf(start))
    if (!chunk) throw new TypeError('every port of the range is in a chunk')
    const ports = portsOf(chunkOf(start))
    return { from: Math.max(from, ports.from), to: Math.min(to, ports.to), start, chunk }
  }

  /** The port of the service that has been gone for longest, if that is long enough. */
  #recyclableIn({ chunk, from, to }: Home, taken: ReadonlySet<number>): number | undefined {
    const over = chunk.all().filter((one) => {
      return one.port >= from && one.port <= to && !taken.has(one.port) && this.#isOver(one)
    })
    return over.sort((a, b) => (a.goneMs ?? 0) - (b.goneMs ?? 0))[0]?.port
  }

  /**
   * By the wall clock, as it has to outlive restarts; and by the monotonic one for as long as a
   * wall clock may jump, so that a jump takes nothing from a short quarantine and an hour from a
   * long one.
   */
  #isOver({ goneMs, knownGoneMs }: ReturnType<PortChunk['all']>[number]): boolean {
    if (goneMs === undefined || knownGoneMs === undefined) return false
    const { clock } = this.#deps
    const { quarantineMs } = this.#options
    const knownMs = clock.monotonicMs() - knownGoneMs
    const goneForMs = clock.nowMs() - goneMs
    // Marked by a clock that was far ahead: by this one it might never be over.
    if (goneForMs < -LONGEST_JUMP_MS) return knownMs >= quarantineMs
    return goneForMs >= quarantineMs && knownMs >= Math.min(quarantineMs, LONGEST_JUMP_MS)
  }
}

function freeIn({ chunk, from, to, start }: Home, taken: ReadonlySet<number>): number | undefined {
  const size = to - from + 1
  for (let step = 0; step < size; step += 1) {
    const port = from + ((start - from + step) % size)
    if (!chunk.at(port) && !taken.has(port)) return port
  }
  return undefined
}
