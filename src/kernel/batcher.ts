import { setImmediate as nextTurn } from 'node:timers/promises'
import { errorMessage } from './errors.ts'
import type { Log } from './log.ts'

export interface BatchLimits {
  /** Items that wait at most; what comes on top is dropped. One batch more is on its way. */
  readonly maxQueued: number
  readonly maxBatch: number
  /** How long an item waits for others at most. */
  readonly maxDelayMs: number
  /** After this a batch that was not taken is dropped. */
  readonly sendTimeoutMs: number
  /** Closing sends what waits for so long, then drops the rest. */
  readonly closeTimeoutMs: number
}

type DropReason = 'queue-full' | 'undeliverable' | 'closed'

export interface BatcherOptions<T> {
  readonly limits: BatchLimits
  /** One at a time. Resolves when the batch was taken; rejects soon after `signal` aborts. */
  readonly send: (batch: readonly T[], signal: AbortSignal) => Promise<void>
  readonly onSent: (items: number) => void
  readonly onDropped: (items: number, reason: DropReason) => void
  readonly log: Log
}

/**
 * Hands items on in batches without ever making their giver wait: `add` only stores. Memory is
 * bounded by count; what does not fit or cannot be delivered is dropped and counted, never sent
 * twice. Keeps no process alive between batches.
 */
export class Batcher<T> implements AsyncDisposable {
  readonly #options: BatcherOptions<T>
  readonly #queue: T[] = []
  #timer: NodeJS.Timeout | undefined
  #draining: Promise<void> | undefined
  #sending: AbortController | undefined
  #closing: Promise<void> | undefined
  #expired = false
  #lostInARow = 0

  constructor(options: BatcherOptions<T>) {
    this.#options = options
  }

  add(item: T): void {
    const { limits, onDropped } = this.#options
    const full = this.#queue.length >= limits.maxQueued
    if (this.#closing || full) {
      onDropped(1, full ? 'queue-full' : 'closed')
      return
    }
    this.#queue.push(item)
    if (this.#draining) return
    if (this.#queue.length >= limits.maxBatch) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), limits.maxDelayMs).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#draining ??= this.#drain()
  }

  async #close(): Promise<void> {
    this.#start()
    const deadline = setTimeout(() => {
      this.#expired = true
      this.#sending?.abort()
    }, this.#options.limits.closeTimeoutMs)
    await this.#draining
    clearTimeout(deadline)
  }

  /** Encoding a batch takes its time, so it begins a turn later: never on the giver's stack. */
  async #drain(): Promise<void> {
    await nextTurn()
    while (this.#queue.length > 0 && !this.#expired) {
      await this.#sendOne(this.#queue.splice(0, this.#options.limits.maxBatch))
    }
    if (this.#queue.length > 0) this.#options.onDropped(this.#queue.splice(0).length, 'closed')
    this.#draining = undefined
  }

  async #sendOne(batch: readonly T[]): Promise<void> {
    const { limits, send, onSent, onDropped } = this.#options
    const abort = new AbortController()
    this.#sending = abort
    const timeout = setTimeout(() => abort.abort(), limits.sendTimeoutMs)
    try {
      await send(batch, abort.signal)
      onSent(batch.length)
      this.#note(0)
    } catch (error) {
      onDropped(batch.length, 'undeliverable')
      this.#note(batch.length, error)
    } finally {
      clearTimeout(timeout)
      this.#sending = undefined
    }
  }

  /** One line when it begins to fail and one when it works again, not one a batch. */
  #note(lost: number, error?: unknown): void {
    const { log } = this.#options
    if (lost === 0 && this.#lostInARow > 0) {
      log.info({ dropped: this.#lostInARow }, 'batches are delivered again')
      this.#lostInARow = 0
    } else if (lost > 0) {
      if (this.#lostInARow === 0) log.warn({ reason: errorMessage(error) }, 'batch dropped')
      this.#lostInARow += lost
    }
  }
}
