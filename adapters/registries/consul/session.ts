import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { follow } from './blocking.ts'
import { foldName, namesIn, type Catalog } from './catalog.ts'
import { CheckIndex, type CheckSubject } from './check-index.ts'
import { unavailable } from './http.ts'
import { Outbox } from './outbox.ts'
import type { OwnRecords } from './own-records.ts'
import { Rereads } from './rereads.ts'
import { ServiceReader } from './service-reader.ts'
import { ServiceTable } from './service-table.ts'
import { Sweep } from './sweep.ts'
import { WatchPool } from './watch-pool.ts'
import { parseChecks, parseLeader } from './wire.ts'

const PARALLEL_READS = 20
const PROBE_EVERY_MS = 5_000

export interface SessionOptions {
  readonly defaultProtocol: string
  readonly waitMs: number
  readonly maxWatches: number
}

/** Where the followed lists stood before the services were read. */
interface Start {
  readonly catalogIndex: number
  readonly names: readonly string[]
  readonly unhealthy: readonly FollowedChecks[]
}

interface FollowedChecks {
  readonly state: 'critical' | 'warning'
  readonly index: number
  readonly known: CheckIndex
}

/**
 * One unbroken reading of Consul: everything once, consistently, and then what changes. It ends
 * with an error as soon as it cannot vouch for all it said; another one then begins anew.
 *
 * Changes come in three ways. The services that changed last, up to `maxWatches`, have a blocking
 * query each and are seen within milliseconds. The catalog's list tells of new and vanished names,
 * and that something among the others has changed, which a sweep then finds. Checks that become
 * critical or warning, or cease to be, name their service themselves.
 */
export class Session {
  readonly #catalog: Catalog
  readonly #options: SessionOptions
  readonly #outbox = new Outbox()
  readonly #abort = new AbortController()
  readonly #table: ServiceTable
  readonly #reader: ServiceReader
  readonly #pool: WatchPool
  readonly #rereads: Rereads
  #listed: ReadonlySet<string> = new Set()
  readonly #sweep = new Sweep(() => this.#look())

  constructor(catalog: Catalog, options: SessionOptions, own: OwnRecords) {
    const { signal } = this.#abort
    setMaxListeners(0, signal) // one for each request under way
    this.#catalog = catalog
    this.#options = options
    this.#table = new ServiceTable(options.defaultProtocol)
    this.#reader = new ServiceReader(catalog, this.#table, own, (event) => this.#outbox.push(event))
    this.#pool = new WatchPool(options.maxWatches, (name, stop) =>
      this.#guard(this.#watch(name, AbortSignal.any([signal, stop]))),
    )
    this.#rereads = new Rereads(PARALLEL_READS, (name) => this.#guard(this.#reread(name)))
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
    let tasks: readonly Promise<void>[] = []
    try {
      const start = await this.#begin()
      const unknownNames = await this.#readAll(start.names)
      yield { kind: 'snapshot', records: this.#table.records(), unknownNames }
      tasks = this.#follow(start).map((task) => this.#guard(task))
      for (const name of unknownNames) void this.#rereads.add(foldName(name))
      yield* this.#outbox.drain()
    } finally {
      signal.removeEventListener('abort', stop)
      this.#abort.abort()
      await Promise.all([...tasks, this.#pool.end()])
      await this.#rereads.end()
    }
  }

  /** Before what they stand for is read, so that no change falls in between. */
  async #begin(): Promise<Start> {
    const { signal } = this.#abort
    const unhealthy = (['critical', 'warning'] as const).map(async (state) => {
      const { index, checks } = await this.#catalog.checks(state, signal)
      const known = new CheckIndex()
      known.replace(checks)
      return { state, index, known }
    })
    const { names, index } = await this.#catalog.names(signal)
    this.#listed = new Set(names.map(foldName))
    return { catalogIndex: index, names, unhealthy: await Promise.all(unhealthy) }
  }

  /** Reads every service; returns the names of those that could not be read. */
  async #readAll(names: readonly string[]): Promise<readonly string[]> {
    const failures: string[] = []
    const reads = new Rereads(PARALLEL_READS, async (name) => {
      try {
        this.#reader.take(await this.#catalog.serviceConsistently(name, this.#abort.signal))
      } catch {
        failures.push(name)
        this.#table.doubt(name)
      }
    })
    await Promise.all(names.map((name) => reads.add(name)))
    this.#outbox.clear()
    this.#abort.signal.throwIfAborted()
    if (failures.length > 0 && failures.length === names.length) {
      throw unavailable('/health/service', 'none of its services can be read')
    }
    return failures
  }

  #follow({ catalogIndex, unhealthy }: Start): readonly Promise<unknown>[] {
    this.#fillPool()
    const checks = unhealthy.map((followed) => this.#followChecks(followed))
    const { signal } = this.#abort
    return [this.#followNames(catalogIndex), ...checks, this.#sweep.run(signal), this.#probe()]
  }

  async #followNames(index: number): Promise<void> {
    const start = { index, waitMs: this.#options.waitMs }
    const { http } = this.#catalog
    for await (const answer of follow(http, '/catalog/services', start, this.#abort.signal)) {
      const listed = new Set(namesIn(answer).map(foldName))
      this.#listed = listed
      const known = new Set(this.#table.names().map(foldName))
      for (const name of listed) if (!known.has(name)) void this.#rereads.add(name)
      for (const name of known) if (!listed.has(name)) void this.#rereads.add(name)
      this.#sweep.want()
    }
  }

  async #followChecks({ state, index, known }: FollowedChecks): Promise<void> {
    const start = { index, waitMs: this.#options.waitMs }
    const { http } = this.#catalog
    for await (const answer of follow(http, `/health/state/${state}`, start, this.#abort.signal)) {
      const names = known.replace(parseChecks(answer.text)).flatMap((one) => this.#namesOf(one))
      for (const name of names) if (!this.#pool.has(name)) void this.#rereads.add(name)
    }
  }

  #namesOf(subject: CheckSubject): readonly string[] {
    if (subject.kind === 'service') return [foldName(subject.name)]
    return this.#table.namesOn(subject.node).map(foldName)
  }

  /** A server that hangs answers no blocking query and fails none either. */
  async #probe(): Promise<void> {
    const { signal } = this.#abort
    for (;;) {
      await delay(PROBE_EVERY_MS, undefined, { signal })
      const answer = await this.#catalog.http.get('/status/leader', {}, signal)
      if (parseLeader(answer.text) === '') throw unavailable('/status/leader', 'it has no leader')
    }
  }

  async #look(): Promise<void> {
    const names = this.#table.names().map(foldName)
    const others = names.filter((name) => !this.#pool.has(name))
    await Promise.all(others.map((name) => this.#rereads.add(name)))
    this.#fillPool()
  }

  async #reread(name: string): Promise<void> {
    const changed = await this.#reader.read(name, this.#abort.signal)
    const gone = this.#table.get(name)?.records.size === 0
    if (changed && !gone) this.#pool.use(name)
    if (gone && !this.#listed.has(name)) this.#table.drop(name)
  }

  async #watch(name: string, signal: AbortSignal): Promise<void> {
    const changed = (): void => this.#pool.use(name)
    await this.#reader.watch(name, { waitMs: this.#options.waitMs, changed }, signal)
  }

  #fillPool(): void {
    for (const name of this.#table.names().map(foldName)) {
      if (this.#pool.full) return
      if (this.#table.get(name)?.records.size !== 0) this.#pool.use(name)
    }
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
