import { setImmediate as nextTurn } from 'node:timers/promises'
import { keyText, sameInstance } from '../../../src/registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../../../src/registry/model.ts'
import { Elections } from './elections.ts'
import type { Session } from './session.ts'

export interface MemoryBackendOptions {
  /** Whether what a gateway writes dies with its session, as in ZooKeeper, or stays, as in Consul. */
  readonly keeps?: 'record' | 'session'
  /** Waits as long as one answer of a server takes. */
  readonly pace?: () => Promise<void>
}

interface Stored {
  readonly instance: Instance
  /** Of the gateway that wrote it; undefined for what keeps itself alive. */
  readonly session?: number
}

/**
 * What several memory registries share, as clients of one server do: records, sessions, and the
 * ways in which a server fails. Answers take their time.
 */
export class MemoryBackend {
  readonly pace: () => Promise<void>
  /** Who holds what alone. */
  readonly elections = new Elections()
  readonly #keeps: 'record' | 'session'
  readonly #services = new Map<KeyText, { key: ServiceKey; instances: Map<string, Stored> }>()
  readonly #sessions = new Set<Session>()
  #lastSession = 0
  #connected = true
  #unreadable: ReadonlySet<string> = new Set()
  #writes = 0

  constructor({ keeps = 'record', pace = () => nextTurn() }: MemoryBackendOptions = {}) {
    this.#keeps = keeps
    this.pace = pace
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Names of services that cannot be read now. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable
  }

  /** Changes that gateways have made to it, each record counted. */
  get writes(): number {
    return this.#writes
  }

  /** Puts what a service registers by itself. */
  register(key: ServiceKey, instance: Instance): void {
    this.#put(key, { instance })
  }

  /** Takes away whatever stands there under `id`, whoever wrote it. */
  deregister(key: ServiceKey, id: string): void {
    if (this.#services.get(keyText(key))?.instances.delete(id)) this.#touch(key)
  }

  keys(): readonly ServiceKey[] {
    return [...this.#services.values()]
      .filter(({ instances }) => instances.size > 0)
      .map(({ key }) => key)
  }

  /** In order of id, as the session `viewer` sees it. */
  instances(key: ServiceKey, viewer?: number): readonly Instance[] {
    const stored = [...(this.#services.get(keyText(key))?.instances.values() ?? [])]
    return stored
      .map(({ instance, session }): Instance => {
        if (session === undefined) return instance
        return { ...instance, keptBy: session === viewer ? 'this-session' : 'other-session' }
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /**
   * What a gateway writes under its session. Writing what is there already changes nothing. What
   * `outlives` the session stays when that ends, in any backend.
   */
  put(key: ServiceKey, instance: Instance, session: number, outlives = false): void {
    const kept = this.#keeps === 'session' && !outlives ? { session } : {}
    const before = this.#services.get(keyText(key))?.instances.get(instance.id)
    if (before && before.session === kept.session && sameInstance(before.instance, instance)) return
    this.#writes += 1
    this.#put(key, { instance, ...kept })
  }

  remove(key: ServiceKey, id: string): void {
    this.#writes += 1
    this.deregister(key, id)
  }

  openSession(): Session {
    const session = { id: this.#nextId(), reread: true, dirty: new Map(), notify: () => undefined }
    this.#sessions.add(session)
    return session
  }

  closeSession(session: Session): void {
    this.#sessions.delete(session)
    this.#dropKeptBy(session.id)
    this.elections.leaveAll(session)
  }

  /** The server ends all sessions, with all that they kept alive. */
  expireSessions(): void {
    for (const session of this.#sessions) {
      this.#dropKeptBy(session.id)
      session.id = this.#nextId()
      session.reread = true
      session.notify()
    }
    this.elections.changed()
  }

  /** Nothing can be read or written until `connect()`. */
  disconnect(): void {
    this.#connected = false
    for (const session of this.#sessions) {
      session.reread = true
      session.notify()
    }
    this.elections.changed()
  }

  connect(): void {
    this.#connected = true
    for (const { notify } of this.#sessions) notify()
    this.elections.changed()
  }

  /** From now on reads are partial: services of these names cannot be read. */
  hide(names: Iterable<string>): void {
    this.#unreadable = new Set(names)
    for (const session of this.#sessions) {
      session.reread = true
      session.notify()
    }
  }

  #put(key: ServiceKey, stored: Stored): void {
    const text = keyText(key)
    const service = this.#services.get(text) ?? { key, instances: new Map<string, Stored>() }
    service.instances.set(stored.instance.id, stored)
    this.#services.set(text, service)
    this.#touch(key)
  }

  #dropKeptBy(session: number): void {
    for (const { key, instances } of this.#services.values()) {
      for (const [id, stored] of instances) {
        if (stored.session !== session) continue
        instances.delete(id)
        this.#touch(key)
      }
    }
  }

  #touch(key: ServiceKey): void {
    const text = keyText(key)
    if (this.#services.get(text)?.instances.size === 0) this.#services.delete(text)
    for (const { dirty, notify } of this.#sessions) {
      dirty.set(text, key)
      notify()
    }
  }

  #nextId(): number {
    this.#lastSession += 1
    return this.#lastSession
  }
}
