import { setTimeout as delay } from 'node:timers/promises'
import { errorCode, errorMessage, isRetryable } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import { backoffMs } from '../../connections/consul/backoff.ts'
import type { Catalog } from './catalog.ts'
import type { OwnRecords } from './own-records.ts'
import { Session, type SessionOptions } from './session.ts'

/** Follows Consul through one session after another. */
export class ConsulSource implements RegistrySource {
  readonly #catalog: Catalog
  readonly #options: SessionOptions
  readonly #own: OwnRecords
  readonly #log: Log
  #session: Session | undefined

  constructor(catalog: Catalog, options: SessionOptions, own: OwnRecords, log: Log) {
    this.#log = log
    this.#catalog = catalog
    this.#options = options
    this.#own = own
  }

  resync(): void {
    this.#session?.end()
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SourceEvent, void, undefined> {
    let failures = 0
    let accepted = false
    while (!signal.aborted) {
      const session = new Session(this.#catalog, this.#options, this.#own)
      this.#session = session
      try {
        for await (const event of session.run(signal)) {
          failures = 0
          accepted = true
          yield event
        }
      } catch (error) {
        if (hasAborted(signal)) return
        if (!isRetryable(error) || (isRefusal(error) && !accepted)) throw error
        this.#log.debug({ err: error, failures }, 'the session with Consul has ended')
        if (failures === 0) yield { kind: 'stale', reason: errorMessage(error) }
        await delay(backoffMs(failures), undefined, { signal }).catch(() => undefined)
        failures += 1
      }
    }
  }
}

/** A token that was good once may be so again; one that never was is said at once. */
function isRefusal(error: unknown): boolean {
  return errorCode(error) === 'REGISTRY_REFUSED'
}

/** Asked anew: the loop's own condition was true a while ago. */
function hasAborted(signal: AbortSignal): boolean {
  return signal.aborted
}
