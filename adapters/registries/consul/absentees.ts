import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { backoffMs } from '../../connections/consul/backoff.ts'
import { follow } from '../../connections/consul/blocking.ts'
import type { ConsulHttp } from '../../connections/consul/http.ts'
import { kvPath, parseKv, type KvEntry } from '../../connections/consul/kv.ts'
import { CLAIMS, ownerOfClaim, readHolder } from './claims.ts'
import { hide } from './hiding.ts'

/**
 * Consul has already waited 10 to 20 s for a sign of life. This is for the gateway that was slow,
 * hears that its claim has lapsed, and makes it anew; and for one that is only being restarted.
 */
const GRACE_MS = 3_000
const LOOK_EVERY_MS = 500

interface Watching {
  readonly http: ConsulHttp
  /** Of the gateway that watches. */
  readonly owner: string
  readonly waitMs: number
  readonly log: Log
}

/** A claim that nobody holds. */
interface Lapsed {
  readonly modifyIndex: number
  readonly sinceMs: number
  readonly settled: boolean
}

/**
 * Hides what other gateways have left whose claim has lapsed, until `signal` aborts. Several that
 * do so at once write the same, and whoever comes second finds it done.
 */
export async function hideAbsentees(watching: Watching, signal: AbortSignal): Promise<void> {
  const absentees = new Absentees(watching)
  for (let failures = 0; ; failures += 1) {
    const failure = await watchOnce(absentees, signal)
    if (signal.aborted) return
    if (failures === 0) {
      watching.log.warn({ reason: errorMessage(failure) }, 'cannot watch other gateways yet')
    }
    await delay(backoffMs(failures), undefined, { signal }).catch(() => undefined)
  }
}

/** Resolves with why it ended. */
async function watchOnce(absentees: Absentees, signal: AbortSignal): Promise<unknown> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const tasks = [absentees.follow(either), absentees.hideAll(either)]
  const failure = await Promise.race(tasks).catch((error: unknown) => error)
  stop.abort()
  await Promise.allSettled(tasks)
  return failure
}

class Absentees {
  readonly #watching: Watching
  readonly #lapsed = new Map<string, Lapsed>()

  constructor(watching: Watching) {
    this.#watching = watching
  }

  /** Learns who is there and who is not. Ends only by rejecting. */
  async follow(signal: AbortSignal): Promise<void> {
    const { http, waitMs } = this.#watching
    const from = { index: 1, waitMs: () => waitMs, query: { recurse: '' } }
    for await (const { text } of follow(http, kvPath(CLAIMS), from, signal)) {
      this.#learn(parseKv(text))
    }
  }

  /** Ends only by rejecting. */
  async hideAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(LOOK_EVERY_MS, undefined, { signal })
      for (const [owner, lapsed] of this.#lapsed) {
        const waits = performance.now() - lapsed.sinceMs < GRACE_MS
        if (!lapsed.settled && !waits) await this.#hide(owner, lapsed, signal)
      }
    }
  }

  #learn(claims: readonly KvEntry[]): void {
    const free = claims.filter((claim) => claim.session === undefined && readHolder(claim))
    const owners = new Map(free.map((claim) => [ownerOfClaim(claim), claim.modifyIndex]))
    owners.delete(this.#watching.owner)
    for (const owner of this.#lapsed.keys()) if (!owners.has(owner)) this.#lapsed.delete(owner)
    for (const [owner, modifyIndex] of owners) {
      if (this.#lapsed.get(owner)?.modifyIndex === modifyIndex) continue
      this.#lapsed.set(owner, { modifyIndex, sinceMs: performance.now(), settled: false })
    }
  }

  async #hide(owner: string, lapsed: Lapsed, signal: AbortSignal): Promise<void> {
    const { http, log } = this.#watching
    const outcome = await hide(http, owner, { index: lapsed.modifyIndex }, signal)
    if (this.#lapsed.get(owner) === lapsed) this.#lapsed.set(owner, { ...lapsed, settled: true })
    if (outcome === 'hidden') log.warn({ owner }, 'a gateway is gone, its entries are hidden')
  }
}
