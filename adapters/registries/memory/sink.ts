import { createHash } from 'node:crypto'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { keyText, sameInstance } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Change, Fence, RegistrySink } from '../../../src/registry/ports.ts'
import type { MemoryBackend } from './backend.ts'
import { parseFence } from './lease.ts'
import type { Session } from './session.ts'

const HASH_DIGITS = 16

/** Writes into a memory backend, one record after the other, with pauses in which it can fail. */
export class MemorySink implements RegistrySink {
  /** Its own identity first. */
  readonly #owners: ReadonlySet<string>
  readonly #backend: MemoryBackend
  readonly #session: Session

  constructor(owners: ReadonlySet<string>, backend: MemoryBackend, session: Session) {
    this.#owners = owners
    this.#backend = backend
    this.#session = session
  }

  async apply({ key, puts, removals, fence }: Change, signal: AbortSignal): Promise<void> {
    for (const instance of puts) {
      await this.#reach(signal)
      this.#refuseEnded(fence)
      this.#refuseForeign(key, instance.id)
      const written = { ...this.normalize(key, instance), id: instance.id }
      this.#backend.put(key, written, this.#session.id, this.#outlives(key, instance))
    }
    for (const instance of removals) {
      await this.#reach(signal)
      this.#refuseEnded(fence)
      const there = this.#find(key, instance.id)
      if (!there || !sameInstance(there, instance)) continue
      this.#refuseForeign(key, instance.id)
      this.#backend.remove(key, instance.id)
    }
    // The answer can be lost on its way back, with the change made.
    await this.#reach(signal)
  }

  normalize(key: ServiceKey, instance: Omit<Instance, 'id'>): Instance {
    const [owner = ''] = this.#owners
    const id = `isthmus:${instance.origin?.owner ?? owner}:${hashOf(key, instance)}`
    const kept: { -readonly [K in keyof Instance]: Instance[K] } = { ...instance, id }
    delete kept.keptBy
    return kept
  }

  recognizes(owner: string, key: ServiceKey, instance: Instance): boolean {
    return instance.id === `isthmus:${owner}:${hashOf(key, instance)}`
  }

  accepts(key: ServiceKey): true | string {
    return key.name === '' ? 'a service needs a name' : true
  }

  async #reach(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#backend.pace()
    if (this.#backend.connected) return
    throw new IsthmusError('REGISTRY_UNAVAILABLE', 'disconnected', { retry: true })
  }

  #refuseEnded(fence: Fence | undefined): void {
    if (fence === undefined) return
    const { place, number } = parseFence(fence)
    if (this.#backend.elections.holds(place, number)) return
    throw new IsthmusError('LEASE_LOST', 'another process writes here by now')
  }

  /** What stands for replicas together does not end with one of them. */
  #outlives(key: ServiceKey, instance: Instance): boolean {
    const [owner = ''] = this.#owners
    if (instance.origin) return instance.origin.owner !== owner
    return !this.recognizes(owner, key, instance)
  }

  #find(key: ServiceKey, id: string): Instance | undefined {
    return this.#backend.instances(key).find((instance) => instance.id === id)
  }

  #refuseForeign(key: ServiceKey, id: string): void {
    const there = this.#find(key, id)
    if (!there) return
    const ours = there.origin
      ? this.#owners.has(there.origin.owner)
      : [...this.#owners].some((owner) => this.recognizes(owner, key, there))
    if (ours) return
    const details = { key: keyText(key), id }
    throw new IsthmusError('REGISTRY_CONFLICT', "somebody else's record stands there", { details })
  }
}

function hashOf(key: ServiceKey, { host, port }: Omit<Instance, 'id'>): string {
  const text = `${keyText(key)} ${host} ${port}`
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS)
}
