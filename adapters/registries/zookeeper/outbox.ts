import {
  sameInstance,
  type Instance,
  type KeyText,
  type ServiceRecord,
} from '../../../src/registry/model.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import type { NameView } from './name-view.ts'

/** What there is to tell from: the names and what is known of each. */
export interface View {
  names(): Iterable<string>
  look(name: string): NameView
}

/**
 * Turns what has changed into events when they are asked for. It holds names and looks at what
 * is there when it tells: a slow reader misses states in between, never the last, and what waits
 * for it is bounded by the number of names.
 */
export class Outbox {
  /** What the reader was told, by name. */
  readonly #told = new Map<string, ReadonlyMap<KeyText, ServiceRecord>>()
  readonly #toldUnknown = new Set<string>()
  readonly #changed = new Set<string>()
  /** Whether the reader takes what it was told for what is there. */
  #isBelieved = false
  #view: View | undefined
  #due: 'nothing' | 'stale' | 'snapshot' = 'nothing'
  #reason = ''

  /** Everything was read: the next event is a snapshot of `view`. */
  complete(view: View): void {
    this.#view = view
    this.#due = 'snapshot'
    this.#changed.clear()
  }

  /** Nothing is known for certain any more, until the next {@link complete}. */
  lose(reason: string): void {
    this.#view = undefined
    this.#changed.clear()
    this.#reason = reason
    const isSaid = this.#isBelieved || this.#due === 'stale' || this.#told.size > 0
    this.#due = isSaid ? 'stale' : 'nothing'
  }

  changed(name: string): void {
    if (this.#view && this.#due !== 'snapshot') this.#changed.add(name)
  }

  /** The next events, in order; empty when there is nothing to say. */
  take(): readonly SourceEvent[] {
    const due = this.#due
    this.#due = 'nothing'
    if (due !== 'nothing') this.#isBelieved = due === 'snapshot'
    if (due === 'stale') return [{ kind: 'stale', reason: this.#reason }]
    const view = this.#view
    if (!view) return []
    if (due === 'snapshot') return [this.#snapshot(view)]
    const [name] = this.#changed
    if (name === undefined) return []
    this.#changed.delete(name)
    return this.#tell(name, view.look(name))
  }

  get waiting(): boolean {
    return this.#due !== 'nothing' || this.#changed.size > 0
  }

  #snapshot(view: View): SourceEvent {
    this.#told.clear()
    this.#toldUnknown.clear()
    const records: ServiceRecord[] = []
    const reasons = new Map<string, string>()
    for (const name of view.names()) {
      const { records: known, unknown } = view.look(name)
      if (unknown !== undefined) {
        this.#toldUnknown.add(name)
        reasons.set(name, unknown)
      }
      if (known.size > 0) this.#told.set(name, known)
      records.push(...known.values())
    }
    const unknownNames = [...reasons.keys()]
    return { kind: 'snapshot', records, unknownNames, ...(reasons.size > 0 && { reasons }) }
  }

  #tell(name: string, { unknown, records }: NameView): readonly SourceEvent[] {
    if (unknown !== undefined) {
      if (this.#toldUnknown.has(name)) return []
      this.#toldUnknown.add(name)
      return [{ kind: 'stale', reason: unknown, name }]
    }
    const before = this.#told.get(name)
    const again = this.#toldUnknown.delete(name) // then all of it, to be known again
    if (records.size > 0) this.#told.set(name, records)
    else this.#told.delete(name)
    const events = differences(before ?? new Map(), records, again)
    // It never had an instance, and must yet be said to be known.
    if (again && events.length === 0) return [{ kind: 'remove', key: { name, protocol: 'http' } }]
    return events
  }
}

function differences(
  before: ReadonlyMap<KeyText, ServiceRecord>,
  after: ReadonlyMap<KeyText, ServiceRecord>,
  all: boolean,
): SourceEvent[] {
  const events: SourceEvent[] = []
  for (const [text, record] of after)
    if (all || !sameRecord(before.get(text), record)) events.push({ kind: 'upsert', record })
  for (const [text, { key }] of before) if (!after.has(text)) events.push({ kind: 'remove', key })
  return events
}

function sameRecord(a: ServiceRecord | undefined, b: ServiceRecord): boolean {
  return (
    a?.instances.length === b.instances.length &&
    b.instances.every((instance, at) => isSame(a.instances[at], instance))
  )
}

/** Who keeps it counts here: one of ours under another session must be seen as such. */
function isSame(a: Instance | undefined, b: Instance): boolean {
  return a === b || (a !== undefined && a.keptBy === b.keptBy && sameInstance(a, b))
}
