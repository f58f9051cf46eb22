import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey, ServiceRecord } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'

/** What a write was to leave under one id. */
export interface Echo {
  /** What was put, or taken away. */
  readonly instance: Instance
  readonly stands: boolean
  /**
   * The mirror's `readEnds` when its registry said that it is so. Undefined as long as it has not: an
   * answer can be lost, or be that it failed.
   */
  answeredAt: number | undefined
  /**
   * What was written before it, and is not heard of either, was the contrary. The registry may tell
   * of that yet: that the mirror says what this was to leave may be from before both.
   */
  readonly reversed: boolean
}

interface Awaited {
  readonly target: ServiceKey
  readonly sinceMs: number
  /** By id. */
  readonly echoes: Map<string, Echo>
}

const NONE: readonly Echo[] = []

/**
 * What was written and has not been seen to stand, or to be gone, since. Most is within
 * milliseconds. Until then the mirror says of it what was so before: nobody can tell by the mirror
 * whether it stands. And what is written and lost again before anybody reads it (its session ends,
 * a hand takes it away) never shows as a change: so it is looked at again.
 */
export class Echoes {
  readonly #awaited = new Map<KeyText, Awaited>()

  /**
   * Call before writing: the echo may be faster than the answer, and the answer may be lost. Call
   * what is returned where nothing was written, for certain.
   */
  await({ key, puts, removals }: Change, nowMs: number): () => void {
    const text = keyText(key)
    const before = this.#awaited.get(text)
    const echoes = new Map(before?.echoes)
    const add = (instance: Instance, stands: boolean): void => {
      const before = echoes.get(instance.id)
      const reversed = before !== undefined && (before.reversed || before.stands !== stands)
      echoes.set(instance.id, { instance, stands, answeredAt: undefined, reversed })
    }
    for (const instance of removals) add(instance, false)
    for (const instance of puts) add(instance, true)
    this.#awaited.delete(text) // to the end: it is the last one written
    this.#awaited.set(text, { target: key, sinceMs: nowMs, echoes })
    return () => {
      this.#awaited.delete(text)
      if (before) this.#awaited.set(text, { ...before, sinceMs: nowMs })
    }
  }

  /** The registry has taken it; `readEnds` is what that is by now. */
  answered({ key, puts, removals }: Change, readEnds: number): void {
    const echoes = this.#awaited.get(keyText(key))?.echoes
    for (const { id } of [...puts, ...removals]) {
      const echo = echoes?.get(id)
      if (echo) echo.answeredAt = readEnds
    }
  }

  /** The mirror says by now that `target` is as `record` has it. */
  heard(target: ServiceKey, record: ServiceRecord | undefined): void {
    const text = keyText(target)
    const echoes = this.#awaited.get(text)?.echoes
    if (!echoes) return
    const there = new Map(record?.instances.map((one) => [one.id, one]))
    for (const [id, echo] of echoes) {
      if (!echo.reversed && agrees(echo, there.get(id))) echoes.delete(id)
    }
    if (echoes.size === 0) this.#awaited.delete(text)
  }

  /** All of `target` of which only this is known: that it was put or taken away lately. */
  unheard(target: ServiceKey): readonly Readonly<Echo>[] {
    const echoes = this.#awaited.get(keyText(target))?.echoes
    return echoes ? [...echoes.values()] : NONE
  }

  /** What of `target` stands for certain, or is gone, and is not heard of. */
  certain(target: ServiceKey): readonly Readonly<Echo>[] {
    const echoes = this.#awaited.get(keyText(target))?.echoes
    return echoes ? [...echoes.values()].filter(({ answeredAt }) => answeredAt !== undefined) : NONE
  }

  /** Services of which something is not heard of. */
  get targets(): readonly ServiceKey[] {
    return [...this.#awaited.values()].map(({ target }) => target)
  }

  /**
   * A complete read has ended: forgets what was answered before it began, and was not heard of by
   * its end. It is as that says.
   */
  readAgain(readEnds: number): void {
    for (const [text, { echoes }] of this.#awaited) {
      for (const [id, { answeredAt }] of echoes) {
        if (answeredAt !== undefined && readEnds >= answeredAt + 2) echoes.delete(id)
      }
      if (echoes.size === 0) this.#awaited.delete(text)
    }
  }

  /** Gives up on those written before `beforeMs`, and returns them; oldest first. */
  giveUp(beforeMs: number): readonly ServiceKey[] {
    const lost: ServiceKey[] = []
    for (const [text, { target, sinceMs }] of this.#awaited) {
      if (sinceMs >= beforeMs) break
      this.#awaited.delete(text)
      lost.push(target)
    }
    return lost
  }
}

/** Whether what was to be left has to be seen to, `now` being what the mirror says of that id. */
export function isOpen(echo: Readonly<Echo>, now: Instance | undefined): boolean {
  return !agrees(echo, now) || (echo.reversed && echo.answeredAt === undefined)
}

function agrees({ instance, stands }: Readonly<Echo>, now: Instance | undefined): boolean {
  return stands ? now !== undefined && sameInstance(now, instance) : now === undefined
}
