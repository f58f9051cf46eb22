import {
  keyText,
  sameInstance,
  type KeyText,
  type ServiceRecord,
} from '../../../src/registry/model.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { compare } from './document.ts'
import type { SeenFile } from './folder.ts'

/** What a folder says, and what of it is in doubt. */
interface Picture {
  readonly records: ReadonlyMap<KeyText, ServiceRecord>
  /** Names of services of files that cannot be read any more. */
  readonly unknownNames: readonly string[]
  /** Set when a file that was never read cannot be read: it may list anything. */
  readonly unreadable?: string
}

/** Remembers what a watch has told, and puts into events what is new. */
export class Told {
  #records: ReadonlyMap<KeyText, ServiceRecord> | undefined
  #doubted: ReadonlySet<string> = new Set()
  #stale: string | undefined

  /** Forgets, so that the next picture is told whole. */
  forget(): void {
    this.#records = undefined
  }

  *stale(reason: string): Iterable<SourceEvent> {
    this.forget()
    if (this.#stale !== reason) yield { kind: 'stale', reason }
    this.#stale = reason
  }

  *files(files: ReadonlyMap<string, SeenFile>): Iterable<SourceEvent> {
    const { records, unknownNames, unreadable } = pictureOf(files)
    if (unreadable !== undefined) {
      yield* this.stale(unreadable)
      return
    }
    const before = this.#records
    const doubted = this.#doubted
    this.#stale = undefined
    this.#records = records
    this.#doubted = new Set(unknownNames)
    if (!before) {
      yield { kind: 'snapshot', records: [...records.values()], unknownNames }
      return
    }
    const changed = [...changes(before, records)]
    yield* changed
    const mentioned = new Set(changed.map(nameOf))
    yield* stillInDoubt(unknownNames, doubted, mentioned)
    yield* doubtEnded(records, [...doubted].filter(isNoneOf(unknownNames, mentioned)))
  }
}

/** An event about a service ends the doubt about its name, so that it is said again. */
function* stillInDoubt(
  names: readonly string[],
  doubted: ReadonlySet<string>,
  mentioned: ReadonlySet<string | undefined>,
): Iterable<SourceEvent> {
  for (const name of names) {
    if (doubted.has(name) && !mentioned.has(name)) continue
    yield { kind: 'stale', reason: 'its file cannot be read', name }
  }
}

/** What turned out to be as it was before is said once more, for it holds again. */
function* doubtEnded(
  records: ReadonlyMap<KeyText, ServiceRecord>,
  names: readonly string[],
): Iterable<SourceEvent> {
  for (const record of records.values()) {
    if (names.includes(record.key.name)) yield { kind: 'upsert', record }
  }
}

function isNoneOf(
  names: readonly string[],
  mentioned: ReadonlySet<string | undefined>,
): (name: string) => boolean {
  return (name) => !names.includes(name) && !mentioned.has(name)
}

function pictureOf(files: ReadonlyMap<string, SeenFile>): Picture {
  const merged = new Map<KeyText, ServiceRecord>()
  const unknownNames = new Set<string>()
  for (const [file, { records, fault }] of files) {
    if (!records)
      return { records: merged, unknownNames: [], unreadable: `${file}: ${fault ?? ''}` }
    for (const { key, instances } of records) {
      if (fault !== undefined) unknownNames.add(key.name)
      const others = merged.get(keyText(key))?.instances ?? []
      const all = [...others, ...instances].sort((a, b) => compare(a.id, b.id))
      merged.set(keyText(key), { key, instances: all })
    }
  }
  return { records: merged, unknownNames: [...unknownNames] }
}

function* changes(
  before: ReadonlyMap<KeyText, ServiceRecord>,
  after: ReadonlyMap<KeyText, ServiceRecord>,
): Iterable<SourceEvent> {
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

function nameOf(event: SourceEvent): string | undefined {
  if (event.kind === 'upsert') return event.record.key.name
  return event.kind === 'remove' ? event.key.name : undefined
}
