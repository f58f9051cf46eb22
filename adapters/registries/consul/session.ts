import { setMaxListeners } from 'node:events'
import { errorMessage } from '../../../src/kernel/errors.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { foldName, type Catalog } from './catalog.ts'
import type { CheckSubject } from './check-index.ts'
import { Coverage } from './coverage.ts'
import { FollowedLists } from './followed-lists.ts'
import { unavailable } from '../../connections/consul/http.ts'
import { Outbox } from './outbox.ts'
import type { OwnRecords } from './own-records.ts'
import { probeLeader } from './probe.ts'
import { Rereads } from './rereads.ts'
import { ServiceReader } from './service-reader.ts'
import { ServiceTable } from './service-table.ts'

const PARALLEL_READS = 24

export interface SessionOptions {
  readonly defaultProtocol: string
  readonly waitMs: number
  readonly maxWatches: number
}

/**
 * One unbroken reading of Consul: everything once, consistently, and then what changes. It ends
 * with an error as soon as it cannot vouch for all it said; another one then begins anew.
 *
 * Changes come in three ways. The services that changed last, up to `maxWatches`, have a blocking
 * query each and are seen within milliseconds. The catalog's list tells of new and vanished names,
 * and that something among the others has changed, which a sweep then finds. Checks that become
 * critical or warning, or cease to be, name their service themselves, as do our own writes.
 */
export class Session {
  readonly #catalog: Catalog
  readonly #own: OwnRecords
  readonly #outbox = new Outbox()
  readonly #abort = new AbortController()
  readonly #lists: FollowedLists
  readonly #table: ServiceTable
  readonly #reader: ServiceReader
  readonly #rereads: Rereads
  readonly #coverage: Coverage
  #listed: ReadonlySet<string> = new Set()

  constructor(catalog: Catalog, options: SessionOptions, own: OwnRecords) {
    const { signal } = this.#abort
    setMaxListeners(0, signal) // one for each request under way
    this.#catalog = catalog
    this.#own = own
    this.#lists = new FollowedLists(catalog, options.waitMs, own.writes)
    this.#table = new ServiceTable(options.defaultProtocol)
    this.#reader = new ServiceReader(catalog, this.#table, own, (event) => this.#outbox.push(event))
    const reread = (name: string): Promise<void> => this.#guard(this.#reread(name))
    const guard = (task: Promise<unknown>): Promise<void> => this.#guard(task)
    this.#rereads = new Rereads(PARALLEL_READS, reread)
    const { waitMs, maxWatches } = options
    const reading = { table: this.#table, reader: this.#reader, own, reread }
    this.#coverage = new Coverage({ ...reading, waitMs, maxWatches, guard, signal })
  }

  /** Ends without an error, so that the next session reads everything anew. */
  end(): void {
    this.#outbox.end()
  }

  async *run(signal: AbortSignal): AsyncGenerator<SourceEvent, void, undefined> {
    const stop = (): void => {
      this.#abort.abort()
      this.#outbox.end()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const forget = this.#own.onWrite((name, indices) => {
      this.#coverage.wrote(foldName(name), indices)
    })
    let tasks: readonly Promise<void>[] = []
    try {
      const reasons = await this.#readAll()
      if (this.#outbox.isEnded) return // what was asked for is a read that begins later
      const unknownNames = [...reasons.keys()]
      const records = this.#table.records()
      yield { kind: 'snapshot', records, unknownNames, ...(reasons.size > 0 && { reasons }) }
      tasks = this.#follow().map((task) => this.#guard(task))
      this.#readUnwatched(unknownNames.map(foldName))
      yield* this.#outbox.drain()
    } finally {
      forget()
      signal.removeEventListener('abort', stop)
      this.#abort.abort()
      await Promise.all([...tasks, this.#coverage.end(), this.#rereads.end()])
    }
  }

  /** Reads every service; returns the names of those that could not be read, and why. */
  async #readAll(): Promise<ReadonlyMap<string, string>> {
    const { signal } = this.#abort
    const { names, index } = await this.#lists.begin(signal)
    this.#coverage.begin(index)
    this.#listed = new Set(names.map(foldName))
    const failures = new Map<string, string>()
    const reads = new Rereads(PARALLEL_READS, async (name) => {
      try {
        this.#reader.take(await this.#catalog.serviceConsistently(name, signal))
      } catch (error) {
        failures.set(name, errorMessage(error))
        this.#table.doubt(name)
      }
    })
    await Promise.all(names.map((name) => reads.add(name)))
    this.#outbox.clear() // the snapshot says it all
    signal.throwIfAborted()
    if (failures.size > 0 && failures.size === names.length) {
      throw unavailable('/health/service', 'none of its services can be read')
    }
    return failures
  }

  #follow(): readonly Promise<unknown>[] {
    const { signal } = this.#abort
    const lists = this.#lists.follow(
      {
        names: (listed, index) => this.#namesChanged(listed, index),
        checks: (subjects) => this.#readUnwatched(subjects.flatMap((one) => this.#namesOf(one))),
      },
      signal,
    )
    return [...lists, this.#coverage.run(), probeLeader(this.#catalog.http, signal)]
  }

  /** Returns whether somebody else has brought a name. */
  #namesChanged(listed: ReadonlySet<string>, index: number): boolean {
    this.#coverage.listed(index)
    if (listed === this.#listed) return false
    this.#listed = listed
    const appeared = [...listed].filter((name) => !this.#table.has(name))
    const vanished = this.#table.folded().filter((name) => !listed.has(name))
    const hasNews = appeared.some((name) => !this.#own.writes.touched(name))
    this.#readUnwatched([...appeared, ...vanished])
    return hasNews
  }

  #namesOf(subject: CheckSubject): readonly string[] {
    if (subject.kind === 'service') return [foldName(subject.name)]
    return this.#table.namesOn(subject.node).map(foldName)
  }

  #readUnwatched(names: readonly string[]): void {
    for (const name of names) {
      if (this.#coverage.has(name)) continue
      // The list of names may come before the answer to the write that added one.
      if (this.#own.writes.touched(name)) this.#coverage.echo(name)
      else void this.#rereads.add(name)
    }
  }

  async #reread(name: string): Promise<void> {
    const changed = await this.#reader.read(name, this.#abort.signal)
    const gone = this.#table.get(name)?.records.size === 0
    if (changed) this.#coverage.changed(name)
    if (gone && !this.#listed.has(name)) this.#table.drop(name)
  }

  /** The end of a task by an error is the end of the session, unless it was asked to stop. */
  async #guard(task: Promise<unknown>): Promise<void> {
    try {
      await task
    } catch (error) {
      if (!isAbort(error)) this.#outbox.fail(error)
    }
  }
}

function isAbort(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
  )
}
