import type { Versioned } from './catalog.ts'
import { nodeOf } from './ids.ts'

/**
 * What Consul was last seen to hold of what this gateway writes, so that a write need not read
 * first. It may be out of date: every write is conditional on the index remembered here.
 */
export class OwnRecords {
  readonly #start: string
  readonly #versions = new Map<string, Versioned>()
  readonly #listeners = new Set<(name: string) => void>()

  constructor(owner: string) {
    this.#start = `${nodeOf(owner)}/`
  }

  get(id: string): Versioned | undefined {
    return this.#versions.get(id)
  }

  /** What a reader came by. An older sight does not replace a newer one. */
  saw(version: Versioned): void {
    const { id } = version.instance
    if (!id.startsWith(this.#start)) return
    const known = this.#versions.get(id)
    if (!known || known.modifyIndex <= version.modifyIndex) this.#versions.set(id, version)
  }

  /** What a write or a consistent look has shown to be there. */
  is(version: Versioned): void {
    this.#versions.set(version.instance.id, version)
  }

  /** Calls `listener` with the name of each service that was written. Returns the unsubscriber. */
  onWrite(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  wrote(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }

  gone(id: string): void {
    this.#versions.delete(id)
  }
}
