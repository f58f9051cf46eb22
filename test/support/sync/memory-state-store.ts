import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StateStore } from '../../../src/registry/ports.ts'

/** State that lives as long as this value. */
export class MemoryStateStore implements StateStore {
  readonly #values = new Map<string, string>()

  async load(name: string, signal: AbortSignal): Promise<string | undefined> {
    await nextTurn(undefined, { signal })
    return this.#values.get(name)
  }

  async save(name: string, value: string, signal: AbortSignal): Promise<void> {
    await nextTurn(undefined, { signal })
    this.#values.set(name, value)
  }
}
