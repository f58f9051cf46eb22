import {
  keyText,
  type Instance,
  type KeyText,
  type ServiceKey,
  type ServiceRecord,
} from '../../src/registry/model.ts'
import type { RegistrySource, SourceEvent } from '../../src/registry/ports.ts'
import { eventually } from './eventually.ts'
import { within } from './within.ts'

/**
 * A reader of one registry that holds what it was told, and writes down every breach of the
 * event contract. `sees` limits it to the services of one test where a backend is shared.
 */
export interface Follower extends AsyncDisposable {
  /** Every event about a service that it sees; a snapshot holds only those services. */
  readonly events: readonly SourceEvent[]
  readonly breaches: readonly string[]
  readonly records: ReadonlyMap<KeyText, ServiceRecord>
  readonly stale: boolean
  instances(key: ServiceKey): readonly Instance[]
  /** Waits for the first snapshot. */
  snapshot(): Promise<readonly ServiceRecord[]>
  /** Waits until `condition` holds for what it was told; fails at once when the watch failed. */
  until(what: string, condition: () => boolean, timeoutMs?: number): Promise<void>
}

export function follow(
  source: RegistrySource,
  sees: (key: ServiceKey) => boolean = () => true,
): Follower {
  const follower = new Following(sees)
  follower.start(source)
  return follower
}

class Following implements Follower {
  readonly events: SourceEvent[] = []
  readonly breaches: string[] = []
  readonly records = new Map<KeyText, ServiceRecord>()
  stale = true
  readonly #abort = new AbortController()
  readonly #sees: (key: ServiceKey) => boolean
  #running: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(sees: (key: ServiceKey) => boolean) {
    this.#sees = sees
  }

  start(source: RegistrySource): void {
    this.#running = this.#run(source).catch((error: unknown) => {
      this.#failure = { error }
    })
  }

  instances(key: ServiceKey): readonly Instance[] {
    return this.records.get(keyText(key))?.instances ?? []
  }

  async snapshot(): Promise<readonly ServiceRecord[]> {
    await this.until('a snapshot', () => this.events.some(({ kind }) => kind === 'snapshot'))
    return (
      this.events.flatMap((event) => (event.kind === 'snapshot' ? [event.records] : []))[0] ?? []
    )
  }

  async until(what: string, condition: () => boolean, timeoutMs?: number): Promise<void> {
    const look = (): boolean => {
      if (this.#failure) throw this.#failure.error
      return condition()
    }
    await eventually(what, look, timeoutMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await within('the watch ends, as it was told', this.#running)
    if (this.#failure) throw this.#failure.error
  }

  async #run(source: RegistrySource): Promise<void> {
    for await (const event of source.watch(this.#abort.signal)) this.#take(event)
  }

  #take(event: SourceEvent): void {
    if (this.stale && (event.kind === 'upsert' || event.kind === 'remove')) {
      this.breaches.push(`${event.kind} before a snapshot`)
    }
    switch (event.kind) {
      case 'snapshot':
        this.#takeSnapshot(event)
        return
      case 'upsert':
        this.#takeRecord(event)
        return
      case 'remove':
        if (!this.#sees(event.key)) return
        this.events.push(event)
        this.records.delete(keyText(event.key))
        return
      case 'stale':
        this.events.push(event)
        this.stale ||= event.name === undefined
        return
      default:
        event satisfies never
    }
  }

  #takeSnapshot(event: Extract<SourceEvent, { kind: 'snapshot' }>): void {
    const records = event.records.filter(({ key }) => this.#sees(key))
    if (new Set(event.records.map(({ key }) => keyText(key))).size < event.records.length) {
      this.breaches.push('a snapshot names one service twice')
    }
    this.stale = false
    this.events.push({ ...event, records })
    this.records.clear()
    for (const record of records) this.#hold(record)
  }

  #takeRecord(event: Extract<SourceEvent, { kind: 'upsert' }>): void {
    if (!this.#sees(event.record.key)) return
    this.events.push(event)
    this.#hold(event.record)
  }

  #hold(record: ServiceRecord): void {
    const text = keyText(record.key)
    const ids = record.instances.map(({ id }) => id)
    if (ids.length === 0) this.breaches.push(`${text}: a record without instances`)
    if (ids.some((id, at) => at > 0 && id <= (ids[at - 1] ?? ''))) {
      this.breaches.push(`${text}: ids repeat or are out of order`)
    }
    this.records.set(text, record)
  }
}
