import { setTimeout as delay } from 'node:timers/promises'
import { isRetryable } from '../../../src/kernel/errors.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { backoffMs } from '../../connections/consul/backoff.ts'
import { follow, hasLostHistory, type Following } from '../../connections/consul/blocking.ts'
import { servicePath, type Catalog, type ServiceRead } from './catalog.ts'
import type { OwnRecords } from './own-records.ts'
import type { ServiceTable } from './service-table.ts'

/** Failures in a row after which a name is in doubt; the first may be one torn connection. */
const DOUBT_AFTER = 2

/** Reads services by name, again and again where Consul fails, and tells what is new. */
export class ServiceReader {
  readonly #catalog: Catalog
  readonly #table: ServiceTable
  readonly #own: OwnRecords
  readonly #tell: (event: SourceEvent) => void

  constructor(
    catalog: Catalog,
    table: ServiceTable,
    own: OwnRecords,
    tell: (event: SourceEvent) => void,
  ) {
    this.#catalog = catalog
    this.#table = table
    this.#own = own
    this.#tell = tell
  }

  /** Tells what is new in `read`; whether there was anything. */
  take(read: ServiceRead): boolean {
    for (const version of read.versions.values()) this.#own.saw(version)
    const events = this.#table.take(read)
    for (const event of events) this.#tell(event)
    return events.length > 0
  }

  /**
   * Reads until it succeeds; whether anything was new. Rejects only when `signal` aborts or when
   * everything has to be read anew.
   */
  async read(name: string, signal: AbortSignal): Promise<boolean> {
    for (let failures = 1; ; failures += 1) {
      try {
        const answer = await this.#catalog.ask(name, signal)
        if (this.#table.isCurrent(name, answer.index)) return false
        return this.take(await this.#confirmed(this.#catalog.serviceIn(name, answer), signal))
      } catch (error) {
        signal.throwIfAborted()
        if (!mayPass(error)) throw error
        if (failures === DOUBT_AFTER) this.#tell(this.#table.doubt(name))
        await delay(backoffMs(failures), undefined, { signal })
      }
    }
  }

  /** Follows a name until it has no instances, or until it does not go on. */
  async watch(
    name: string,
    way: Pick<Following, 'waitMs' | 'goesOn'>,
    signal: AbortSignal,
  ): Promise<void> {
    let failures = 0
    const answered = (): void => void (failures = 0)
    while (this.#exists(name)) {
      try {
        await this.#followTo(name, way, answered, signal)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (!mayPass(error)) throw error
        await delay(backoffMs(failures++), undefined, { signal })
        await this.read(name, signal)
      }
    }
  }

  /** Until it has no instances, or does not go on. */
  async #followTo(
    name: string,
    { waitMs, goesOn }: Pick<Following, 'waitMs' | 'goesOn'>,
    answered: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const afterQuiet = (): boolean => {
      answered()
      return goesOn?.() !== false
    }
    const from = { index: this.#table.get(name)?.index ?? 1, waitMs, goesOn: afterQuiet }
    for await (const answer of follow(this.#catalog.http, servicePath(name), from, signal)) {
      answered()
      this.take(await this.#confirmed(this.#catalog.serviceIn(name, answer), signal))
      // The query of a service that is not there comes back with every change of any other.
      if (!this.#exists(name)) return
    }
  }

  /**
   * That an instance is gone is believed only of a read that the leader has vouched for: another
   * server may be behind it, and so show what was true for a moment.
   */
  async #confirmed(read: ServiceRead, signal: AbortSignal): Promise<ServiceRead> {
    if (!this.#misses(read)) return read
    return this.#catalog.serviceConsistently(read.name, signal, read)
  }

  /** What this gateway has removed itself was confirmed by Consul then. */
  #misses({ name, versions }: ServiceRead): boolean {
    const records = [...(this.#table.get(name)?.records.values() ?? [])]
    return records.some(({ instances }) =>
      instances.some(({ id }) => !versions.has(id) && !this.#own.hasRemoved(id)),
    )
  }

  #exists(name: string): boolean {
    return (this.#table.get(name)?.records.size ?? 0) > 0
  }
}

function mayPass(error: unknown): boolean {
  return isRetryable(error) && !hasLostHistory(error)
}
