import { sameInstance, type KeyText, type ServiceRecord } from '../../../src/registry/model.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { foldName, type ServiceRead } from './catalog.ts'
import { Sidecars } from './sidecars.ts'

export interface ServiceState {
  readonly name: string
  /** Consul's index of what was last read. */
  readonly index: number
  readonly records: Records
  /** The same as they were read, without what their sidecars say of them. */
  readonly read: Records
  /** Counts up with every change, to tell which services change often. */
  readonly changed: number
}

/** What a watch has told of each name, and what is new in the next read. */
export class ServiceTable {
  readonly #states = new Map<string, ServiceState>()
  readonly #sidecars = new Sidecars()
  readonly #doubted = new Set<string>()
  readonly #defaultProtocol: string
  #changes = 0

  constructor(defaultProtocol: string) {
    this.#defaultProtocol = defaultProtocol
  }

  get(name: string): ServiceState | undefined {
    return this.#states.get(foldName(name))
  }

  /** Of a name that is case folded already. */
  has(folded: string): boolean {
    return this.#states.has(folded)
  }

  /** Whether an answer with this index says nothing that is not known: most of a sweep's do. */
  isCurrent(name: string, index: number): boolean {
    return index > 0 && this.get(name)?.index === index && !this.#doubted.has(foldName(name))
  }

  /** Every name that was read and that the catalog still has, the last changed first. */
  names(): readonly string[] {
    const states = [...this.#states.values()].sort((a, b) => b.changed - a.changed)
    return states.map(({ name }) => name)
  }

  /** The same names in no order, case folded. */
  folded(): readonly string[] {
    return [...this.#states.keys()]
  }

  records(): readonly ServiceRecord[] {
    return [...this.#states.values()].flatMap(({ records }) => [...records.values()])
  }

  /** Names with an instance on `node`. */
  namesOn(node: string): readonly string[] {
    const isOn = ({ instances }: ServiceRecord): boolean =>
      instances.some(({ id }) => id.startsWith(`${node}/`))
    const states = [...this.#states.values()]
    return states.filter(({ records }) => [...records.values()].some(isOn)).map(({ name }) => name)
  }

  /** Until the next {@link take} of it nothing is certain about this name. */
  doubt(name: string): SourceEvent {
    this.#doubted.add(foldName(name))
    const reason = 'Consul does not answer for it'
    return { kind: 'stale', name: this.get(name)?.name ?? name, reason }
  }

  /**
   * What a read says that was not told yet. Additions and changes stand before removals. A read
   * that was overtaken by a later one says nothing.
   */
  take(read: ServiceRead): readonly SourceEvent[] {
    const folded = foldName(read.name)
    const before = this.#states.get(folded)
    if (before && read.index < before.index) return []
    const concerned = this.#sidecars.take(read).filter((name) => name !== folded)
    const records = this.#labelled(read.records)
    const events = [...changes(before?.records ?? new Map(), records)]
    if (events.length > 0) this.#changes += 1
    const changed = events.length > 0 || !before ? this.#changes : before.changed
    const { name, index } = read
    this.#states.set(folded, { name, index, records, read: read.records, changed })
    const doubted = this.#doubted.delete(folded)
    const told = doubted && events.length === 0 ? this.#again({ name, records }) : events
    return [...told, ...concerned.flatMap((one) => this.#relabel(one))]
  }

  /** Forgets a name that the catalog has no more. */
  drop(name: string): void {
    this.#states.delete(foldName(name))
  }

  /**
   * Its sidecars say something else of it than before. Of a name in doubt it is told with the next
   * read of that name: to tell anything of it is to say that it is certain again.
   */
  #relabel(name: string): readonly SourceEvent[] {
    const state = this.#states.get(name)
    if (!state) return []
    const records = this.#labelled(state.read)
    this.#states.set(name, { ...state, records })
    return this.#doubted.has(name) ? [] : [...changes(state.records, records)]
  }

  #labelled(records: Records): Records {
    return new Map([...records].map(([text, record]) => [text, this.#sidecars.label(record)]))
  }

  /** What holds again after a doubt is said again, if need be that there is none. */
  #again({ name, records }: Pick<ServiceState, 'name' | 'records'>): readonly SourceEvent[] {
    if (records.size > 0) return [...records.values()].map((record) => ({ kind: 'upsert', record }))
    return [{ kind: 'remove', key: { name, protocol: this.#defaultProtocol } }]
  }
}

type Records = ReadonlyMap<KeyText, ServiceRecord>

function* changes(before: Records, after: Records): Iterable<SourceEvent> {
  for (const [text, record] of after) {
    if (!sameRecord(before.get(text), record)) yield { kind: 'upsert', record }
  }
  for (const [text, { key }] of before) {
    if (!after.has(text)) yield { kind: 'remove', key }
  }
}

function sameRecord(a: ServiceRecord | undefined, b: ServiceRecord): boolean {
  if (a?.instances.length !== b.instances.length) return false
  return b.instances.every((one, at) => {
    const other = a.instances[at]
    return other !== undefined && sameInstance(other, one)
  })
}
