import type { Lull } from '../../../src/kernel/lull.ts'
import type { Versioned } from './catalog.ts'
import { nodeOf } from './ids.ts'

type WriteListener = (name: string, indices: readonly number[]) => void

/**
 * What Consul was last seen to hold of what this gateway writes, so that a write need not read
 * first. It may be out of date: every write is conditional on the index remembered here.
 */
export class OwnRecords {
  readonly writes: Lull
  readonly #starts: readonly string[]
  readonly #versions = new Map<string, Versioned>()
  readonly #listeners = new Set<WriteListener>()

  constructor(owners: ReadonlySet<string>, writes: Lull) {
    this.writes = writes
    this.#starts = [...owners].map((owner) => `${nodeOf(owner)}/`)
  }

  /** Whether the record is on this gateway's node, or on that of its cluster. */
  isOwn(id: string): boolean {
    return this.#starts.some((start) => id.startsWith(start))
  }

  /** Whether it is one that this gateway knows to be gone. */
  hasRemoved(id: string): boolean {
    return this.isOwn(id) && !this.#versions.has(id)
  }

  get(id: string): Versioned | undefined {
    return this.#versions.get(id)
  }

  /** What a reader came by. An older sight does not replace a newer one. */
  saw(version: Versioned): void {
    const { id } = version.instance
    if (!this.isOwn(id)) return
    const known = this.#versions.get(id)
    if (!known || known.modifyIndex <= version.modifyIndex) this.#versions.set(id, version)
  }

  /** What a write or a consistent look has shown to be there. */
  is(version: Versioned): void {
    this.#versions.set(version.instance.id, version)
  }

  /**
   * Calls `listener` with the name of each service that was written, and with Consul's indices of
   * what was put there. Returns the unsubscriber.
   */
  onWrite(listener: WriteListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  wrote(name: string, indices: readonly number[]): void {
    for (const listener of this.#listeners) listener(name, indices)
  }

  gone(id: string): void {
    this.#versions.delete(id)
  }
}
