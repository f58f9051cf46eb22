import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { lifeOf, thisProcess, type ProcessIdentity } from '../../../src/kernel/process-identity.ts'
import { Generations, type Generation } from '../../connections/file/generations.ts'

/** What `thisProcess` said of the holder; of another version of it `lifeOf` says `unknown`. */
const holder = z.looseObject({ host: z.string(), pid: z.number().int() })
export type Holder = ProcessIdentity

type SeatContent =
  | { readonly kind: 'held'; readonly by: Holder; readonly sinceMs: number }
  | { readonly kind: 'free' }
type Held = Extract<SeatContent, { kind: 'held' }>

const seatContent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('held'), by: holder, sinceMs: z.number() }),
  z.strictObject({ kind: z.literal('free') }),
])

/** How often a holder says that it lives; what is not heard of for `LAPSE_MS` may be taken over. */
export const RENEW_MS = 3_000
export const LAPSE_MS = 12_000
const LOOK_MS = 500

export type Taken =
  | { readonly kind: 'taken'; readonly generation: Generation }
  /** Where the one runs that has it; absent when that cannot be read. */
  | { readonly kind: 'occupied'; readonly by?: Holder }

/**
 * What one process at a time can hold, kept in a folder. A holder of this machine is known to be
 * dead or alive; one of another machine is taken for dead when it has not renewed for `LAPSE_MS`,
 * measured by looking again and again, as clocks of machines differ.
 */
export class Seat {
  readonly #generations: Generations

  /** Does no I/O. */
  constructor(folder: string, prefix: string) {
    this.#generations = new Generations(folder, { prefix, suffix: '' })
  }

  /** Rejects with errors of the file system. */
  async take(signal: AbortSignal): Promise<Taken> {
    for (;;) {
      const latest = await this.#generations.latest(signal)
      const content = latest && parse(latest.content)
      if (latest && content?.kind !== 'free' && !(await this.#isLeft(latest, content, signal))) {
        return { kind: 'occupied', ...(content && { by: content.by }) }
      }
      const mine: SeatContent = { kind: 'held', by: thisProcess(), sinceMs: Date.now() }
      const done = await this.#generations.append(JSON.stringify(mine), latest, signal)
      if (done.kind === 'appended') return { kind: 'taken', generation: done.generation }
    }
  }

  /** Whether `generation` still is the one that holds it. */
  async holds({ id }: Pick<Generation, 'id'>, signal: AbortSignal): Promise<boolean> {
    return (await this.#generations.latest(signal))?.id === id
  }

  /** False when somebody else has it. */
  async renew(generation: Generation, signal: AbortSignal): Promise<boolean> {
    return await this.#generations.touch(generation, signal)
  }

  /** Whoever waits for it need not wait until it lapses. */
  async leave(generation: Generation, signal: AbortSignal): Promise<void> {
    const free: SeatContent = { kind: 'free' }
    await this.#generations.append(JSON.stringify(free), generation, signal)
  }

  async #isLeft(
    latest: Generation,
    content: Held | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const life = content ? lifeOf(content.by) : 'unknown'
    if (life !== 'unknown') return life === 'dead'
    const touchedMs = await this.#generations.touchedMs(latest)
    for (const untilMs = performance.now() + LAPSE_MS; performance.now() < untilMs;) {
      await delay(LOOK_MS, undefined, { signal })
      if ((await this.#generations.touchedMs(latest)) !== touchedMs) return false
    }
    return true
  }
}

function parse(content: string): SeatContent | undefined {
  try {
    return seatContent.parse(JSON.parse(content)) as SeatContent
  } catch {
    return undefined
  }
}
