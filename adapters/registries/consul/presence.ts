import { setTimeout as delay } from 'node:timers/promises'
import { errorCode, errorMessage, IsthmusError, isRetryable } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Presence } from '../../../src/registry/ports.ts'
import { backoffMs } from '../../connections/consul/backoff.ts'
import type { ConsulHttp } from '../../connections/consul/http.ts'
import { readKey } from '../../connections/consul/kv.ts'
import { transact } from '../../connections/consul/transact.ts'
import { destroySession, TTL_MS, type TtlSession } from '../../connections/consul/ttl-session.ts'
import { hideAbsentees } from './absentees.ts'
import { claimKey, encodeHolder, lifeOfHolder, readHolder, retire, type Holder } from './claims.ts'
import { hide, show } from './hiding.ts'
import { openOwnSession } from './own-session.ts'

/** A session that is there for longer than this without being renewed is none of Consul's. */
const LAPSES_WITHIN_MS = 2.5 * TTL_MS
const LOOK_EVERY_MS = 500

/** The claim to a gateway's identity: an entry of Consul's key/value store, locked by a session. */
export class ConsulPresence implements Presence, AsyncDisposable {
  readonly #http: ConsulHttp
  readonly #self: Holder
  readonly #waitMs: number
  readonly #log: Log
  #session: TtlSession | undefined
  /** Why it could not be claimed the last time, which is not said again. */
  #said: string | undefined
  /** Whether what stands here is answered: before that nobody is to be sent there. */
  #isAnswered = false

  constructor(http: ConsulHttp, self: Holder, waitMs: number, log: Log) {
    this.#http = http
    this.#self = self
    this.#waitMs = waitMs
    this.#log = log
  }

  async claim(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await this.#claim(signal)
        this.#said = undefined
        return
      } catch (error) {
        signal.throwIfAborted()
        this.#warn(error)
        // Who lacks the right is to be told: only a person gives it back.
        if (!isRetryable(error) || errorCode(error) === 'REGISTRY_REFUSED') throw error
        await delay(backoffMs(failures), undefined, { signal }).catch(() => {
          throw error // rather than that the time was up: this is why it was not enough
        })
      }
    }
  }

  async keep(signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const { owner } = this.#self
    const watching = { http: this.#http, owner, waitMs: this.#waitMs, log: this.#log }
    const hiding = hideAbsentees(watching, either)
    try {
      await this.#hold(either)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      stop.abort()
      await hiding
    }
  }

  async show(signal: AbortSignal): Promise<void> {
    this.#isAnswered = true
    await this.#showAgain(signal)
  }

  async hide(signal: AbortSignal): Promise<void> {
    const session = this.#session
    for (let failures = 0; session?.ended.aborted === false; failures += 1) {
      try {
        const condition = { session: session.id }
        const outcome = await hide(this.#http, this.#self.owner, condition, signal)
        if (outcome === 'hidden') this.#log.info('what was written is hidden until the next start')
        return
      } catch (error) {
        signal.throwIfAborted()
        if (failures === 0) this.#log.warn({ reason: errorMessage(error) }, 'cannot hide yet')
        await delay(backoffMs(failures), undefined, { signal })
      }
    }
  }

  /** Gives the claim back, so that other gateways need not wait to see that this one is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
    retire(this.#self)
  }

  #warn(error: unknown): void {
    const reason = errorMessage(error)
    if (reason !== this.#said) this.#log.warn({ reason }, 'cannot claim yet')
    this.#said = reason
  }

  async #hold(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#isAnswered) await this.#showAgain(signal)
      await ended(this.#session?.ended, signal)
      signal.throwIfAborted()
      this.#log.warn('the claim to the identity has lapsed, claiming it anew')
      await this.claim(signal)
    }
  }

  /** Its last stop has hidden this gateway, or others while it could not say that it lives. */
  async #showAgain(signal: AbortSignal): Promise<void> {
    const session = this.#session
    for (let failures = 0; session && !session.ended.aborted; failures += 1) {
      try {
        const shown = await show(this.#http, this.#self.owner, session.id, signal)
        if (shown) this.#log.info('entries that were hidden are shown again')
        return
      } catch (error) {
        signal.throwIfAborted()
        if (failures === 0) this.#log.warn({ reason: errorMessage(error) }, 'cannot show yet')
        await delay(backoffMs(failures), undefined, { signal })
      }
    }
  }

  async #claim(signal: AbortSignal): Promise<void> {
    if (this.#session?.ended.aborted === false) return
    await this.#session?.[Symbol.asyncDispose]()
    const session = await openOwnSession(this.#http, this.#self.owner, signal)
    try {
      const sinceMs = performance.now()
      while (!(await this.#lock(session, signal))) {
        await this.#waitForHolder(performance.now() - sinceMs, signal)
      }
      this.#session = session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  }

  async #lock(session: TtlSession, signal: AbortSignal): Promise<boolean> {
    const Key = claimKey(this.#self.owner)
    const lock = { Verb: 'lock', Key, Value: encodeHolder(this.#self), Session: session.id }
    return (await transact(this.#http, [{ KV: lock }], signal)).kind === 'applied'
  }

  /** Ends what a dead process holds; rejects when it is a live one's. */
  async #waitForHolder(waitedMs: number, signal: AbortSignal): Promise<void> {
    const entry = await readKey(this.#http, claimKey(this.#self.owner), signal)
    const holder = entry && readHolder(entry)
    const life = holder ? lifeOfHolder(holder) : 'unknown'
    if (entry?.session === undefined) {
      await delay(LOOK_EVERY_MS, undefined, { signal }) // free, or about to be
    } else if (life === 'dead') {
      await destroySession(this.#http, entry.session, signal)
    } else if (life === 'alive' || waitedMs > LAPSES_WITHIN_MS) {
      throw taken(this.#self.owner, holder)
    } else {
      await delay(LOOK_EVERY_MS, undefined, { signal })
    }
  }
}

function taken(owner: string, holder: Holder | undefined): IsthmusError {
  const where = holder ? `process ${holder.pid} on ${holder.host}` : 'somebody unknown'
  const message = `the identity ${owner} is held by ${where}: give each gateway an id of its own`
  const details = { owner, key: claimKey(owner), host: holder?.host, pid: holder?.pid }
  return new IsthmusError('OWNER_TAKEN', message, { details })
}

/** Resolves when either has aborted. */
async function ended(session: AbortSignal | undefined, signal: AbortSignal): Promise<void> {
  const either = session ? AbortSignal.any([session, signal]) : AbortSignal.abort()
  if (either.aborted) return
  await new Promise<void>((resolve) => {
    either.addEventListener('abort', () => resolve(), { once: true })
  })
}
