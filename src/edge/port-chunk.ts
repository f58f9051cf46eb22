import type { Clock } from '../kernel/clock.ts'
import { errorCode } from '../kernel/errors.ts'
import type { StateStore } from '../registry/ports.ts'
import { formatAssignments, parseAssignments } from './assignment.ts'
import type { Assignment, ServiceId } from './assignment.ts'

/** Ports of one chunk: their services are well below the half mebibyte that Consul takes. */
const CHUNK_PORTS = 1_024

/** The chunk that a port is in: the same whatever the range is, so that the range can be changed. */
export function chunkOf(port: number): number {
  return Math.floor(port / CHUNK_PORTS)
}

/** The ports of a chunk; both ends included. */
export function portsOf(chunk: number): { readonly from: number; readonly to: number } {
  return { from: chunk * CHUNK_PORTS, to: (chunk + 1) * CHUNK_PORTS - 1 }
}

export interface PortDeps {
  readonly store: StateStore
  readonly clock: Clock
}

/** An assignment as this process knows it. */
interface Known extends Assignment {
  /** When we came to know that its service has gone, by the monotonic clock. */
  readonly knownGoneMs?: number | undefined
}

/** What we made of an assignment, or of a port that had none, and nobody else knows yet. */
interface Change {
  readonly next: Known
  readonly base: Known | undefined
}

/**
 * Some neighbouring ports and their services, saved as one text and only in the place of what was
 * read. What somebody else saved in between is taken over, and our changes are put on top as far
 * as what they change is as it was.
 */
export class PortChunk {
  readonly #name: string
  readonly #deps: PortDeps
  readonly #changes = new Map<number, Change>()
  #saved: ReadonlyMap<number, Known> = new Map()
  #version: string | undefined

  constructor(chunk: number, deps: PortDeps) {
    this.#name = `ports.${String(chunk)}`
    this.#deps = deps
  }

  at(port: number): Known | undefined {
    return this.#changes.get(port)?.next ?? this.#saved.get(port)
  }

  all(): readonly Known[] {
    const unchanged = [...this.#saved.values()].filter(({ port }) => !this.#changes.has(port))
    return [...unchanged, ...[...this.#changes.values()].map(({ next }) => next)]
  }

  /** Whether nobody else knows yet that this service has this port. */
  isFresh(port: number): boolean {
    const change = this.#changes.get(port)
    return change !== undefined && change.base?.id !== change.next.id
  }

  /** Gives the port to a service, or says that its service is there or has gone. */
  put(next: Assignment): void {
    const base = this.#saved.get(next.port)
    const knownGoneMs = next.goneMs === undefined ? undefined : this.#deps.clock.monotonicMs()
    if (base?.id === next.id && base.goneMs === next.goneMs) this.#changes.delete(next.port)
    else this.#changes.set(next.port, { next: { ...next, knownGoneMs }, base })
  }

  /** Takes back what was not saved. */
  revert(port: number): void {
    this.#changes.delete(port)
  }

  /** Rejects with STATE_UNAVAILABLE, or with STATE_CONFLICT when what is saved cannot be trusted. */
  async load(signal: AbortSignal): Promise<void> {
    const entry = await this.#deps.store.load(this.#name, signal)
    const assignments = entry === undefined ? [] : parseAssignments(entry.value)
    this.#version = entry?.version
    this.#saved = new Map(assignments.map((one) => [one.port, this.#known(one)]))
    const ports = new Map(assignments.map(({ id, port }) => [id, port]))
    for (const change of this.#changes.values()) {
      if (!this.#stands(change, ports)) this.#changes.delete(change.next.port)
    }
  }

  /** Durable when it resolves; what others saved before is taken over. Rejects as `load`. */
  async save(signal: AbortSignal): Promise<void> {
    while (this.#changes.size > 0) {
      const changes = new Map(this.#changes)
      try {
        const text = formatAssignments(this.all())
        this.#version = await this.#deps.store.save(this.#name, text, this.#version, signal)
      } catch (error) {
        if (errorCode(error) !== 'STATE_CONFLICT') throw error
        await this.load(signal)
        continue
      }
      this.#settle(changes)
    }
  }

  /** What has changed while it was saved is not known to others. */
  #settle(saved: ReadonlyMap<number, Change>): void {
    const since = [...this.#changes].filter(([port, change]) => saved.get(port) !== change)
    this.#saved = new Map([
      ...this.#saved,
      ...[...saved].map(([port, { next }]) => [port, next] as const),
    ])
    this.#changes.clear()
    for (const [, { next }] of since) this.put(next)
  }

  #known(assignment: Assignment): Known {
    if (assignment.goneMs === undefined) return assignment
    const before = this.at(assignment.port)
    const known = before?.id === assignment.id ? before.knownGoneMs : undefined
    return { ...assignment, knownGoneMs: known ?? this.#deps.clock.monotonicMs() }
  }

  #stands({ next, base }: Change, ports: ReadonlyMap<ServiceId, number>): boolean {
    const now = this.#saved.get(next.port)
    if (base?.id === next.id) return now?.id === next.id && now.goneMs !== next.goneMs
    return !ports.has(next.id) && now?.id === base?.id && now?.goneMs === base?.goneMs
  }
}
