import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey, ServiceRecord } from '../registry/model.ts'
import type { SourceEvent } from '../registry/ports.ts'

/** `unknown` until the first complete read; `stale` while its source cannot vouch for it. */
export type MirrorState = 'unknown' | 'complete' | 'stale'

export interface MirrorChange {
  /** Services whose record differs from what was held before. */
  readonly keys: readonly ServiceKey[]
  /** Something that could not be vouched for can be again: whoever waited for that may look. */
  readonly regained: boolean
  /** The registry as a whole could not be vouched for before, and can be now. */
  readonly healed: boolean
}

/** When a registry was last read completely. */
export interface LastRead {
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number
  /** How long ago, by a clock that does not jump. */
  readonly ageMs: number
}

const NONE: readonly ServiceRecord[] = []

/** The local copy of one registry. What it returns is shared: change by copy. */
export class Mirror {
  readonly name: string
  readonly #log: Log
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly #records = new Map<KeyText, ServiceRecord>()
  readonly #byName = new Map<string, Set<KeyText>>()
  #unknownNames: ReadonlyMap<string, string> = new Map()
  #state: MirrorState = 'unknown'
  #staleReason: string | undefined
  #reads = 0
  #losses = 0
  #lastRead: { readonly atMs: number; readonly monotonicMs: number } | undefined

  constructor(name: string, log: Log, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.name = name
    this.#log = log
    this.#clock = clock
  }

  get state(): MirrorState {
    return this.#state
  }

  get staleReason(): string | undefined {
    return this.#staleReason
  }

  /** Complete reads so far. */
  get reads(): number {
    return this.#reads
  }

  /**
   * How often a complete read has come to its end, or was broken off with its registry lost. A read
   * that makes this go up twice or more from what it is now has begun after now.
   */
  get readEnds(): number {
    return this.#reads + this.#losses
  }

  /** Undefined before the first complete read; an outage leaves it as it was. */
  get lastRead(): LastRead | undefined {
    if (!this.#lastRead) return undefined
    const { atMs, monotonicMs } = this.#lastRead
    return { atMs, ageMs: this.#clock.monotonicMs() - monotonicMs }
  }

  /** In lower case, with the reason why each is unknown. */
  get unknownNames(): ReadonlyMap<string, string> {
    return this.#unknownNames
  }

  /** Services held. */
  get size(): number {
    return this.#records.size
  }

  record(key: KeyText): ServiceRecord | undefined {
    return this.#records.get(key)
  }

  /** All services held. */
  *services(): Iterable<[KeyText, ServiceKey]> {
    for (const [text, { key }] of this.#records) yield [text, key]
  }

  /** All services of one name in any case, whatever their group, version and protocol. */
  named(name: string): readonly ServiceRecord[] {
    const keys = this.#byName.get(folded(name))
    if (keys === undefined) return NONE
    return [...keys].flatMap((key) => this.#records.get(key) ?? [])
  }

  /** Whether what is held about `key`, be it nothing, is what the registry says. */
  vouches(key: ServiceKey): boolean {
    return this.#state === 'complete' && !this.#unknownNames.has(folded(key.name))
  }

  /** Takes one event in and says what it changed. */
  apply(event: SourceEvent): MirrorChange {
    switch (event.kind) {
      case 'snapshot':
        return this.#applySnapshot(event.records, doubtsOf(event))
      case 'upsert':
        return this.#applyOne(event.record.key, event.record)
      case 'remove':
        return this.#applyOne(event.key, undefined)
      case 'stale':
        this.#applyStale(event.reason, event.name)
        return { keys: [], regained: false, healed: false }
      default:
        return event satisfies never
    }
  }

  #applySnapshot(
    records: readonly ServiceRecord[],
    unknown: ReadonlyMap<string, string>,
  ): MirrorChange {
    const said = new Set<KeyText>()
    const changed: ServiceKey[] = []
    for (const record of records) {
      said.add(keyText(record.key))
      if (this.#hold(record.key, record)) changed.push(record.key)
    }
    for (const [text, { key }] of this.#records) {
      // What could not be read this time stays as it was last seen.
      if (said.has(text) || unknown.has(folded(key.name))) continue
      if (this.#hold(key, undefined)) changed.push(key)
    }
    const healed = this.#state !== 'complete'
    this.#unknownNames = unknown
    this.#state = 'complete'
    this.#staleReason = undefined
    this.#reads += 1
    this.#lastRead = { atMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() }
    return { keys: changed, regained: true, healed }
  }

  #applyOne(key: ServiceKey, record: ServiceRecord | undefined): MirrorChange {
    const regained = this.#unknownNames.has(folded(key.name))
    if (regained) {
      this.#unknownNames = new Map(
        [...this.#unknownNames].filter(([name]) => name !== folded(key.name)),
      )
    }
    return { keys: this.#hold(key, record) ? [key] : [], regained, healed: false }
  }

  #applyStale(reason: string, name: string | undefined): void {
    if (name !== undefined) {
      this.#unknownNames = new Map([...this.#unknownNames, [folded(name), reason]])
      return
    }
    this.#staleReason = reason
    if (this.#state === 'complete') {
      this.#state = 'stale'
      this.#losses += 1
      this.#log.warn({ registry: this.name, reason }, 'mirror is stale, nothing is removed')
    }
  }

  /** Returns whether this differs from what was held. */
  #hold(key: ServiceKey, record: ServiceRecord | undefined): boolean {
    const text = keyText(key)
    const before = this.#records.get(text)
    const name = folded(key.name)
    const keys = this.#byName.get(name) ?? new Set()
    if (record === undefined || record.instances.length === 0) {
      this.#records.delete(text)
      keys.delete(text)
      if (keys.size === 0) this.#byName.delete(name)
      return before !== undefined
    }
    this.#records.set(text, record)
    this.#byName.set(name, keys.add(text))
    return before === undefined || !sameInstances(before.instances, record.instances)
  }
}

/** Who keeps a record alive counts here: one under another session is to be taken over. */
function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index]
      return other !== undefined && one.keptBy === other.keptBy && sameInstance(one, other)
    })
  )
}

function doubtsOf({
  unknownNames,
  reasons,
}: Extract<SourceEvent, { kind: 'snapshot' }>): ReadonlyMap<string, string> {
  return new Map(unknownNames.map((name) => [folded(name), reasons?.get(name) ?? 'cannot be read']))
}

/** In Consul, names that differ in their case alone are one: a doubt about `Foo` is one about `foo`. */
function folded(name: string): string {
  return name.toLowerCase()
}
