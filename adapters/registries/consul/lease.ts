import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../src/kernel/errors.ts'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Lease, Term } from '../../../src/registry/ports.ts'
import { backoffMs } from '../../connections/consul/backoff.ts'
import type { ConsulHttp } from '../../connections/consul/http.ts'
import { kvPath, parseKv, readKey } from '../../connections/consul/kv.ts'
import { transact } from '../../connections/consul/transact.ts'
import { destroySession, type TtlSession } from '../../connections/consul/ttl-session.ts'
import { encodeHolder, LEASES, lifeOfHolder, readHolder, type Holder } from './claims.ts'
import { fenceOf } from './fence.ts'
import { openOwnSession } from './own-session.ts'

/** Consul keeps a lock for as long after its session has ended, if a session asks for that. */
const LOCK_DELAY_LOOK_MS = 1_000
/** A holder on this machine that was killed is seen so, before its session ends by itself. */
const LOOK_AGAIN_MS = 5_000

interface LeaseParts {
  readonly http: ConsulHttp
  readonly self: Holder
  readonly log: Log
  /** Ends the terms that were not given back. */
  readonly terms: Lifetime
}

/** A lock in Consul's key/value store, held by a session of its own for each term. */
export class ConsulLease implements Lease {
  readonly #parts: LeaseParts
  readonly #key: string

  constructor(name: string, parts: LeaseParts) {
    this.#parts = parts
    this.#key = `${LEASES}${name}`
  }

  async acquire(signal: AbortSignal): Promise<Term> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#acquire(signal)
      } catch (error) {
        signal.throwIfAborted()
        const reason = errorMessage(error)
        if (failures === 0) this.#parts.log.warn({ reason }, 'cannot ask for the lease yet')
        await delay(backoffMs(failures), undefined, { signal }).catch(() => {
          throw error // rather than that the time was up: this is why it was not enough
        })
      }
    }
  }

  async #acquire(signal: AbortSignal): Promise<Term> {
    for (;;) {
      await this.#whileHeld(signal)
      const term = await this.#lock(signal)
      if (term) return term
    }
  }

  async #whileHeld(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { http } = this.#parts
      const entry = await readKey(http, this.#key, signal)
      if (entry?.session === undefined) return
      const holder = readHolder(entry)
      if (holder && lifeOfHolder(holder) === 'dead') {
        await destroySession(http, entry.session, signal)
        return
      }
      const index = { index: String(entry.modifyIndex) }
      const { text } = await http.wait(kvPath(this.#key), index, LOOK_AGAIN_MS, signal)
      if (parseKv(text)[0]?.session === undefined) return
    }
  }

  async #lock(signal: AbortSignal): Promise<Term | undefined> {
    const { http, self, terms } = this.#parts
    const session = await openOwnSession(http, self.owner, signal)
    const lock = { Verb: 'lock', Key: this.#key, Value: encodeHolder(self), Session: session.id }
    try {
      const outcome = await transact(http, [{ KV: lock }], signal)
      if (outcome.kind === 'applied') return terms.use(termOf(this.#key, session), session.ended)
      if (outcome.what.includes('lock-delay')) {
        await delay(LOCK_DELAY_LOOK_MS, undefined, { signal })
      }
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
    await session[Symbol.asyncDispose]()
    return undefined
  }
}

function termOf(key: string, session: TtlSession): Term {
  return {
    fence: fenceOf(key, session.id),
    ended: session.ended,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
