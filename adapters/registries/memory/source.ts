import { keyText } from '../../../src/registry/model.ts'
import type { KeyText, ServiceKey } from '../../../src/registry/model.ts'
import type { RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import type { Session } from './session.ts'

/** Tells what changes in a memory backend, late and coalesced as servers do. */
export class MemorySource implements RegistrySource {
  readonly #backend: MemoryBackend
  readonly #session: Session

  constructor(backend: MemoryBackend, session: Session) {
    this.#backend = backend
    this.#session = session
  }

  resync(): void {
    this.#session.reread = true
    this.#session.notify()
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const session = this.#session
    const told = new Set<KeyText>()
    const stop = (): void => session.notify()
    signal.addEventListener('abort', stop)
    session.reread = true
    let vouched = false
    let lost = false
    try {
      const ended = (): boolean => signal.aborted
      while (!ended()) {
        const changed = new Promise<void>((resolve) => (session.notify = resolve))
        if (!this.#backend.connected) {
          if (!lost && vouched) yield { kind: 'stale', reason: 'disconnected' }
          lost = true
          await changed
          continue
        }
        lost = false
        const event = await this.#next(told)
        if (ended()) return
        if (event) {
          vouched = true // the first one is a snapshot
          yield event
        } else if (this.#isIdle()) await changed
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** What is to be told next; undefined when nothing is, or when it could not be read. */
  async #next(told: Set<KeyText>): Promise<SourceEvent | undefined> {
    const { dirty } = this.#session
    if (this.#session.reread) return this.#snapshot(told)
    for (const [text, key] of dirty) {
      dirty.delete(text)
      await this.#backend.pace()
      if (!this.#isHere()) return undefined
      return this.#change(key, told)
    }
    return undefined
  }

  async #snapshot(told: Set<KeyText>): Promise<SourceEvent | undefined> {
    const { id, dirty } = this.#session
    this.#session.reread = false
    await this.#backend.pace()
    if (!this.#isHere() || id !== this.#session.id) return undefined
    dirty.clear()
    told.clear()
    const hidden = this.#backend.unreadable
    const keys = this.#backend.keys()
    const records = keys
      .filter(({ name }) => !hidden.has(name))
      .map((key) => ({ key, instances: this.#backend.instances(key, id) }))
    for (const { key } of records) told.add(keyText(key))
    const unknownNames = keys.map(({ name }) => name).filter((name) => hidden.has(name))
    return { kind: 'snapshot', records, unknownNames: [...new Set(unknownNames)] }
  }

  #change(key: ServiceKey, told: Set<KeyText>): SourceEvent | undefined {
    if (this.#backend.unreadable.has(key.name)) {
      return { kind: 'stale', name: key.name, reason: 'cannot be read' }
    }
    const instances = this.#backend.instances(key, this.#session.id)
    if (instances.length > 0) {
      told.add(keyText(key))
      return { kind: 'upsert', record: { key, instances } }
    }
    return told.delete(keyText(key)) ? { kind: 'remove', key } : undefined
  }

  #isIdle(): boolean {
    return !this.#session.reread && this.#session.dirty.size === 0
  }

  /** Whether the answer to what was just asked has arrived; if not, all is to be read again. */
  #isHere(): boolean {
    if (this.#backend.connected && !this.#session.reread) return true
    this.#session.reread = true
    return false
  }
}
