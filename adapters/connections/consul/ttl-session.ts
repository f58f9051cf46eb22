import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { timeLimit } from '../../../src/kernel/time-limit.ts'
import { statusError, type ConsulHttp } from './http.ts'
import { parser } from './parse.ts'

/** The least that Consul takes. It gives a session up 10 to 20 s after it was last renewed. */
export const TTL_MS = 10_000
const RENEW_EVERY_MS = 2_500
const RENEW_AGAIN_MS = 500
/** Ending a session is a courtesy: it ends by itself. */
const DESTROY_TIMEOUT_MS = 1_000

/** Of every session that a gateway opens. */
export const SESSION_NAME = 'isthmus'

const parseCreated = parser('session', z.object({ ID: z.string() }))

/** A session of Consul that is renewed for as long as it is open. Locks are held by it. */
export interface TtlSession extends AsyncDisposable {
  readonly id: string
  /** Aborts before Consul may have given the session up, by this process's own clock. */
  readonly ended: AbortSignal
}

/**
 * On a node that must be in the catalog. No check of the node ends the session, only its own time:
 * whether an agent runs there says nothing about a gateway. Its locks are free at once when it
 * ends, because what is written under them names it, and Consul refuses the latecomer by that.
 */
export async function openSession(
  http: ConsulHttp,
  node: string,
  signal: AbortSignal,
): Promise<TtlSession> {
  const startMs = performance.now()
  const settings = { Node: node, NodeChecks: [], TTL: `${TTL_MS}ms`, LockDelay: '0s' }
  const wanted = { ...settings, Name: SESSION_NAME, Behavior: 'release' }
  const answer = await http.put('/session/create', JSON.stringify(wanted), signal)
  if (answer.status !== 200) throw statusError('/session/create', answer)
  const session = new RenewedSession(http, parseCreated(answer.text).ID)
  session.start(startMs)
  return session
}

/** Ends any session, so that what it has locked is free. */
export async function destroySession(
  http: ConsulHttp,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/session/destroy/${id}`
  const answer = await http.put(path, '', signal)
  if (answer.status !== 200) throw statusError(path, answer)
}

class RenewedSession implements TtlSession {
  readonly id: string
  readonly #http: ConsulHttp
  readonly #ended = new AbortController()
  readonly #life = new Lifetime()
  #timer: NodeJS.Timeout | undefined

  constructor(http: ConsulHttp, id: string) {
    this.#http = http
    this.id = id
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  start(createdMs: number): void {
    this.#vouch(createdMs)
    this.#life.run(
      (signal) => this.#renewAll(AbortSignal.any([signal, this.ended])),
      () => undefined, // it has ended, and says so
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    this.#ended.abort()
    await this.#life[Symbol.asyncDispose]()
    const limit = timeLimit(DESTROY_TIMEOUT_MS)
    await destroySession(this.#http, this.id, limit).catch(() => undefined)
  }

  async #renewAll(signal: AbortSignal): Promise<never> {
    for (let pauseMs = RENEW_EVERY_MS; ;) {
      await delay(pauseMs, undefined, { signal })
      pauseMs = (await this.#renew(signal)) ? RENEW_EVERY_MS : RENEW_AGAIN_MS
    }
  }

  /** Consul counts from when it hears of it: never before this process asks. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const startMs = performance.now()
    try {
      const { status } = await this.#http.put(`/session/renew/${this.id}`, '', signal)
      if (status === 404) this.#ended.abort()
      if (status === 200) this.#vouch(startMs)
      return status === 200
    } catch {
      return false // until nobody can vouch for it any longer
    }
  }

  #vouch(sinceMs: number): void {
    clearTimeout(this.#timer)
    const leftMs = sinceMs + TTL_MS - performance.now()
    this.#timer = setTimeout(() => this.#ended.abort(), leftMs)
    this.#timer.unref()
  }
}
