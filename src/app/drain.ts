import type { Edge } from '../edge/edge.ts'
import type { Clock } from '../kernel/clock.ts'
import { IsthmusError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Bridge } from '../sync/bridge.ts'

export interface DrainParts {
  readonly bridge: Pick<Bridge, 'exported' | 'order'>
  readonly edge: Pick<Edge, 'status' | 'drain'>
  readonly clock: Clock
  readonly log: Log
  /** How long traffic may go on after everything is taken back, asked for anew each time. */
  readonly drainMs: () => number
}

const LOOK_MS = 50
/** Callers hear within milliseconds that an address is gone; who comes after this much quiet is late. */
const QUIET_MS = 1_000

/**
 * The end of one gateway's work: what points to it is taken back, then the traffic ends, then it
 * stands there drained until it is stopped.
 */
export class Drain {
  readonly #parts: DrainParts
  #phase: 'no' | 'draining' | 'drained' = 'no'
  #then: 'stay' | 'stop' = 'stay'

  constructor(parts: DrainParts) {
    this.#parts = parts
  }

  get phase(): 'no' | 'draining' | 'drained' {
    return this.#phase
  }

  /** Whether all is done and the process is to end. */
  get wantsStop(): boolean {
    return this.#phase === 'drained' && this.#then === 'stop'
  }

  /** Begins, or says anew what comes afterwards; returns how many services it is about. */
  begin(then: 'stay' | 'stop'): number {
    this.#then = then
    if (this.#phase === 'no') this.#phase = 'draining'
    return this.#parts.bridge.order('drain', {})
  }

  /** ADMIN_INVALID once the ports are closed: nothing brings them back but a restart. */
  cancel(): void {
    if (this.#phase === 'drained') {
      throw new IsthmusError('ADMIN_INVALID', 'the gateway is drained for good: restart it')
    }
    this.#phase = 'no'
  }

  /** Does what was begun, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { edge, log } = this.#parts
    while (!signal.aborted) {
      const ready = this.#phase === 'draining' && (await this.#isQuiet(signal))
      if (ready && this.#isDraining()) {
        this.#phase = 'drained'
        await edge.drain(signal)
        log.warn({ underWay: edge.status().underWay }, 'drained: nothing points here any more')
      }
      await this.#pause(signal)
    }
  }

  /** Resolves when it is drained, or when `signal` aborts. */
  async over(signal: AbortSignal): Promise<void> {
    while (this.#phase !== 'drained' && !signal.aborted) await this.#pause(signal)
  }

  /** Everything is taken back, and no traffic has come for a while, or not ended in time. */
  async #isQuiet(signal: AbortSignal): Promise<boolean> {
    const { bridge, edge, clock, drainMs } = this.#parts
    const startMs = clock.monotonicMs()
    let busyMs = startMs
    while (bridge.exported() === 0 && this.#isDraining() && !signal.aborted) {
      const nowMs = clock.monotonicMs()
      if (edge.status().underWay > 0) busyMs = nowMs
      if (nowMs - busyMs >= QUIET_MS || nowMs - startMs >= drainMs()) return true
      await this.#pause(signal)
    }
    return false
  }

  #isDraining(): boolean {
    return this.#phase === 'draining'
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(LOOK_MS, signal).catch(() => undefined)
  }
}
