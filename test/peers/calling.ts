import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import type { DubboPeer } from './dubbo.ts'

const PAUSE_MS = 10
/** So many answers in a row, and it goes well. */
const ENOUGH = 50
const WITHIN_MS = 60_000

/** Calls one service again and again from when it is made until it is disposed of. */
export class Calling implements AsyncDisposable {
  readonly failures: string[] = []
  readonly #peer: DubboPeer
  readonly #as: string
  readonly #running: Promise<void>
  #answers = 0
  #ended = false

  constructor(peer: DubboPeer, as: string) {
    this.#peer = peer
    this.#as = as
    this.#running = this.#run()
  }

  /** Of the failures those where the consumer knew of nobody to call. */
  get knewNobody(): readonly string[] {
    return this.failures.filter((why) => why.includes('No provider available'))
  }

  /** Until enough calls in a row were answered, counted from now on. */
  async goesWell(): Promise<void> {
    let from = this.#answers
    let failures = this.failures.length
    const look = (): boolean => {
      if (this.failures.length > failures) from = this.#answers
      failures = this.failures.length
      return this.#answers - from >= ENOUGH
    }
    await eventually('calls go well', look, WITHIN_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      await this.#peer.call(this.#as).then(
        () => (this.#answers += 1),
        (error: unknown) => this.failures.push(String(error)),
      )
      await delay(PAUSE_MS)
    }
  }
}
