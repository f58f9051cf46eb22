import { IsthmusError } from '../../../src/kernel/errors.ts'
import { statusError, type Answer, type ConsulHttp } from '../../connections/consul/http.ts'
import {
  encodeOperations,
  parseTxn,
  type Operation,
  type TxnAnswer,
} from '../../connections/consul/transact.ts'

/** Consul 1.8 takes 64 operations a transaction, and half a mebibyte. */
const MOST_OPERATIONS = 64
const MOST_BYTES = 400 * 1_024
/** Consul works on the next full one while the answer to the one before is on its way. */
const MOST_UNDER_WAY = 2

/** The index that Consul gave to each service that was written, by ServiceID. */
type Written = ReadonlyMap<string, number>

/** What came of one group of operations, of which either all or none was applied. */
export type Outcome =
  | { readonly kind: 'applied'; readonly written: Written }
  | { readonly kind: 'refused'; readonly what: string }

interface Group {
  /** How many operations. */
  readonly count: number
  /** As they stand in the body of a transaction, between its brackets. */
  readonly text: string
  readonly bytes: number
  readonly signal: AbortSignal
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * Sends groups of operations in as few transactions as will do: while one is under way, those
 * that come gather for the next, which waits for it unless it is full. Consul rolls a transaction back whole when one operation fails;
 * the group at fault is told so, the others go again without it.
 */
export class Transactions {
  readonly #http: ConsulHttp
  readonly #signal: AbortSignal
  #waiting: Group[] = []
  #operations = 0
  #underWay = 0

  /** Aborting `signal` ends what is under way. */
  constructor(http: ConsulHttp, signal: AbortSignal) {
    this.#http = http
    this.#signal = signal
  }

  /**
   * Resolves when Consul has decided. Rejects with REGISTRY_UNAVAILABLE when it did not (it may
   * have applied the group all the same), with REGISTRY_REFUSED when it will not ever.
   */
  async submit(operations: readonly Operation[], signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const count = operations.length
      const text = encodeOperations(this.#http, operations).slice(1, -1)
      const bytes = Buffer.byteLength(text)
      this.#waiting.push({ count, text, bytes, signal, resolve, reject })
      this.#operations += count
      if (this.#mayBegin()) void this.#sendAll()
    })
  }

  #mayBegin(): boolean {
    if (this.#underWay === 0) return this.#waiting.length > 0
    return this.#underWay < MOST_UNDER_WAY && this.#operations >= MOST_OPERATIONS
  }

  /** Never rejects: each failure goes to those whose group it concerns. */
  async #sendAll(): Promise<void> {
    for (let goesOn = true; goesOn; goesOn = this.#mayBegin()) {
      this.#underWay += 1
      await Promise.resolve() // what is submitted in the same breath goes along
      await this.#send(this.#take())
      this.#underWay -= 1
    }
  }

  #take(): readonly Group[] {
    for (const { signal, reject } of this.#waiting) if (signal.aborted) reject(signal.reason)
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted)
    const taken = this.#waiting.splice(0, howMany(this.#waiting))
    this.#operations = countIn(this.#waiting)
    return taken
  }

  async #send(groups: readonly Group[]): Promise<void> {
    if (groups.length === 0) return
    try {
      const body = `[${groups.map(({ text }) => text).join(',')}]`
      const answer = await this.#http.put('/txn', body, this.#signal)
      await this.#settle(groups, answer)
    } catch (error) {
      for (const { reject } of groups) reject(error)
    }
  }

  async #settle(groups: readonly Group[], answer: Answer): Promise<void> {
    if (answer.status === 200) {
      const outcome: Outcome = { kind: 'applied', written: writtenIn(parseTxn(answer.text)) }
      for (const { resolve } of groups) resolve(outcome)
    } else if (answer.status === 409) {
      this.#isolate(groups, parseTxn(answer.text))
    } else if (answer.status === 413 || answer.status === 400) {
      await this.#split(groups, answer)
    } else {
      throw statusError('/txn', answer)
    }
  }

  #isolate(groups: readonly Group[], { Errors }: TxnAnswer): void {
    const faults = Errors ?? []
    let first = 0
    const innocent: Group[] = []
    for (const group of groups) {
      const last = first + group.count
      const fault = faults.find(({ OpIndex }) => OpIndex >= first && OpIndex < last)
      if (fault) group.resolve({ kind: 'refused', what: fault.What })
      else innocent.push(group)
      first = last
    }
    if (innocent.length === groups.length) {
      for (const { resolve } of groups) resolve({ kind: 'refused', what: 'no reason given' })
    } else {
      this.#waiting.unshift(...innocent)
      this.#operations += countIn(innocent)
    }
  }

  /** Too large together, or one of them is malformed: halves until it is clear which. */
  async #split(groups: readonly Group[], answer: Answer): Promise<void> {
    if (groups.length === 1) throw refused(answer)
    const middle = Math.ceil(groups.length / 2)
    await this.#send(groups.slice(0, middle))
    await this.#send(groups.slice(middle))
  }
}

function countIn(groups: readonly Group[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0)
}

function howMany(groups: readonly Group[]): number {
  let operations = 0
  let bytes = 0
  const over = groups.findIndex((group) => {
    operations += group.count
    bytes += group.bytes
    return operations > MOST_OPERATIONS || bytes > MOST_BYTES
  })
  return over === -1 ? groups.length : Math.max(1, over)
}

function writtenIn({ Results }: TxnAnswer): Written {
  const services = (Results ?? []).flatMap(({ Service }) => Service ?? [])
  return new Map(services.map(({ ID, ModifyIndex }) => [ID, ModifyIndex]))
}

function refused({ status, text }: Answer): IsthmusError {
  const details = { status, said: text.slice(0, 200) }
  return new IsthmusError('REGISTRY_REFUSED', 'Consul does not take this record', { details })
}
