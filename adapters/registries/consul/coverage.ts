import { setTimeout as delay } from 'node:timers/promises'
import { foldName } from './catalog.ts'
import { Explained } from './explained.ts'
import type { OwnRecords } from './own-records.ts'
import { Rereads } from './rereads.ts'
import type { ServiceReader } from './service-reader.ts'
import type { ServiceTable } from './service-table.ts'
import { Sweep } from './sweep.ts'
import { WatchPool } from './watch-pool.ts'

/** Of what nobody waits for: echoes of our own writes, and the sweep; each. */
const PARALLEL_LOOKS = 4
const STARTS_AT_A_TIME = 20
const START_EVERY_MS = 100
/** Where there are more services than watches, so many of these are kept for what changes. */
const KEPT_SHARE = 1 / 3
/** For so long watches wait for a pause between our own writes. */
const LONGEST_PUT_OFF_MS = 5_000
const SHARED_WAIT_MS = 10_000
/** So long what we have just written ourselves need not be seen, while there is more to write. */
const ECHO_MS = 2_000
/** So long a sweep waits for the end of a burst of our own writes: each changes the list. */
const SWEEP_PUT_OFF_MS = 2_000

/**
 * So long a name may go unlooked-at under which only our own records were seen: most changes are of
 * others' services, and a gateway shows as many of its own.
 */
const OWN_SWEEP_MS = 5_000

export interface CoverageParts {
  readonly table: ServiceTable
  readonly reader: ServiceReader
  readonly own: OwnRecords
  readonly waitMs: number
  readonly maxWatches: number
  /** Reads a service anew; never rejects. */
  readonly reread: (name: string) => Promise<void>
  /** Takes the end of a task by an error to where it belongs. */
  readonly guard: (task: Promise<unknown>) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Sees to it that no service goes unseen: some have a watch of their own, the others are swept
 * when something has changed that nobody can account for. Names are case folded.
 */
export class Coverage {
  readonly #parts: CoverageParts
  readonly #pool: WatchPool
  readonly #looks: Rereads
  /** The sweep's own: what is told of otherwise does not wait for thousands before it. */
  readonly #swept: Rereads
  /** What we wrote ourselves and nothing else would read. */
  readonly #echoes = new Set<string>()
  readonly #explained = new Explained()
  readonly #sweep = new Sweep(
    () => this.#parts.own.writes.slacken(SWEEP_PUT_OFF_MS, this.#parts.signal),
    (wanted) => this.#look(wanted),
  )
  #wroteMs = -Infinity
  #filling = false
  /** Since when there has been a change that may be of a name of our own; undefined is none. */
  #ownSinceMs: number | undefined
  #ownTimer: NodeJS.Timeout | undefined

  constructor(parts: CoverageParts) {
    const { reader, guard, signal } = parts
    this.#parts = parts
    this.#looks = new Rereads(PARALLEL_LOOKS, parts.reread)
    this.#swept = new Rereads(PARALLEL_LOOKS, parts.reread)
    this.#pool = new WatchPool(parts.maxWatches, (name, goesOn) =>
      guard(reader.watch(name, { goesOn, waitMs: () => this.#waitMs() }, signal)),
    )
  }

  /** Everything is read after this index of Consul's log. */
  begin(index: number): void {
    this.#explained.begin(index)
  }

  /** Rejects when the signal aborts. */
  async run(): Promise<never> {
    this.#fill()
    return this.#sweep.run(this.#parts.signal)
  }

  async end(): Promise<void> {
    clearTimeout(this.#ownTimer)
    await Promise.all([this.#pool.end(), this.#looks.end(), this.#swept.end()])
  }

  /** Whether it is watched, or about to be read anyway and not in the course of a sweep. */
  has(name: string): boolean {
    return this.#pool.has(name) || this.#looks.has(name) || this.#echoes.has(name)
  }

  /** The catalog has come to this index: somewhere something has changed. */
  listed(index: number): void {
    this.#explained.listed(index)
    this.#sweep.want()
  }

  /** We wrote to it, and Consul gave these indices to what we put there. */
  wrote(name: string, indices: readonly number[]): void {
    this.#wroteMs = performance.now()
    for (const index of indices) this.#explained.wrote(index)
    if (!this.#pool.has(name)) this.echo(name)
  }

  /** Reads, in the next pause between our writes, what is most likely changed by one of them. */
  echo(name: string): void {
    if (this.#echoes.size === 0) void this.#readEchoes()
    this.#echoes.add(name)
  }

  /** It has changed: those that do are watched rather than others. */
  changed(name: string): void {
    if (this.#isOthers(name)) this.#pool.use(name)
  }

  async #readEchoes(): Promise<void> {
    await this.#parts.own.writes.come(ECHO_MS)
    const names = [...this.#echoes]
    this.#echoes.clear()
    if (!this.#parts.signal.aborted) for (const name of names) void this.#looks.add(name)
  }

  async #look(wanted: boolean): Promise<void> {
    const isKnown = this.#explained.settle()
    const isOwnDue = !wanted || this.#isOwnDue(isKnown)
    if (isKnown && !isOwnDue) return
    if (isOwnDue) this.#ownSinceMs = undefined
    const names = this.#parts.table.names().map(foldName)
    const swept = names.filter(
      (name) => !this.#pool.has(name) && (isOwnDue || this.#isOthers(name)),
    )
    await Promise.all(swept.map((name) => this.#swept.add(name)))
    this.#fill()
  }

  /** Whether the names of our own are to be looked at as well; if not yet, it wakes the sweep. */
  #isOwnDue(isKnown: boolean): boolean {
    const nowMs = performance.now()
    if (!isKnown) this.#ownSinceMs ??= nowMs
    if (this.#ownSinceMs === undefined) return false
    const leftMs = this.#ownSinceMs + OWN_SWEEP_MS - nowMs
    clearTimeout(this.#ownTimer)
    if (leftMs > 0) this.#ownTimer = setTimeout(() => this.#sweep.want(), leftMs).unref()
    return leftMs <= 0
  }

  #fill(): void {
    if (this.#filling) return
    const { table, maxWatches } = this.#parts
    const names = table.names().map(foldName)
    const others = names.filter((name) => this.#isOthers(name))
    this.#pool.keep(others.length > maxWatches ? Math.floor(maxWatches * KEPT_SHARE) : 0)
    if (this.#pool.full) return
    this.#filling = true
    const filled = this.#startWatches(others).finally(() => (this.#filling = false))
    void this.#parts.guard(filled)
  }

  /**
   * A few at a time, and not in the midst of our own writes: each opens a connection, and what a
   * snapshot has set going shall not wait for a thousand. Until then the sweep looks after them.
   */
  async #startWatches(names: readonly string[]): Promise<void> {
    const untilMs = performance.now() + LONGEST_PUT_OFF_MS
    const unwatched = names.filter((name) => !this.#pool.has(name))
    for (const [n, name] of unwatched.entries()) {
      if (n % STARTS_AT_A_TIME === 0) await this.#pause(untilMs)
      if (this.#pool.full) return
      this.changed(name)
    }
  }

  async #pause(untilMs: number): Promise<void> {
    const { signal } = this.#parts
    do await delay(START_EVERY_MS, undefined, { signal })
    while (performance.now() < Math.min(untilMs, this.#wroteMs + START_EVERY_MS))
  }

  /** Where there are more services than watches, a place is free again before long. */
  #waitMs(): number {
    const { waitMs } = this.#parts
    return this.#pool.full ? Math.min(waitMs, SHARED_WAIT_MS) : waitMs
  }

  /** What stands there by us alone changes by us alone: it needs no watch. */
  #isOthers(name: string): boolean {
    const { table, own } = this.#parts
    const records = [...(table.get(name)?.records.values() ?? [])]
    return records.some(({ instances }) => instances.some(({ id }) => !own.isOwn(id)))
  }
}
