import { setImmediate as nextTurn } from 'node:timers/promises'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { StateEntry, StateStore } from '../../../src/registry/ports.ts'

/** State that lives as long as this value, which may stand for a store that replicas share. */
export class MemoryStateStore implements StateStore {
  readonly #entries = new Map<string, StateEntry>()
  #saves = 0

  constructor(saved: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(saved)) this.#put(name, value)
  }

  async load(name: string, signal: AbortSignal): Promise<StateEntry | undefined> {
    await nextTurn(undefined, { signal })
    return this.#entries.get(name)
  }

  async save(
    name: string,
    value: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    await nextTurn(undefined, { signal })
    if (this.#entries.get(name)?.version !== version) {
      throw new IsthmusError('STATE_CONFLICT', 'somebody else saved it meanwhile')
    }
    const saved = this.#put(name, value)
    await nextTurn() // written, and the answer still under way
    return saved
  }

  #put(name: string, value: string): string {
    this.#saves += 1
    const version = String(this.#saves)
    this.#entries.set(name, { value, version })
    return version
  }
}
