import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey, ServiceRecord } from '../registry/model.ts'
import type { Change } from '../registry/ports.ts'

/** What a write was to leave under one id. */
export interface Echo {
  /** What was put, or taken away. */
  readonly instance: Instance
  readonly stands: boolean
  /** When it was first written so; or last, as long as neither an answer nor the mirror says that it is. */
  sinceMs: number
  /**
   * The mirror's `readEnds` when its registry said that it is so. Undefined as long as it has not: an
   * answer can be lost, or be that it failed.
   */
  answeredAt: number | undefined
  /** Whether the mirror says that `instance` stands. */
  isShown: boolean
  /**
   * So many times, at most, the mirror may yet change its mind about that until it has told of this
   * write: once for each write of something else. As long as it owes any, that it agrees may be from
   * before all of them.
   */
  owed: number
}

interface Awaited {
  readonly target: ServiceKey
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
   * Call before writing: the echo may be faster than the answer, and the answer may be lost. `record` is
   * what the mirror says of the target now.
   */
  await({ key, puts, removals }: Change, record: ServiceRecord | undefined, nowMs: number): void {
    const text = keyText(key)
    const echoes = this.#awaited.get(text)?.echoes ?? new Map<string, Echo>()
    const there = byId(record)
    const add = (instance: Instance, stands: boolean): void => {
      const before = echoes.get(instance.id)
      if (before?.stands === stands && sameInstance(before.instance, instance)) {
        const isAwaited = before.answeredAt === undefined && !agrees(before, there.get(instance.id))
        if (isAwaited) before.sinceMs = nowMs
        return // what is written once more is no more doubtful than it was
      }
      const isShown = isThere(instance, there)
      const owed = (before?.owed ?? 0) + (before || isShown !== stands ? 1 : 0)
      const echo = { instance, stands, sinceMs: nowMs, answeredAt: undefined, isShown, owed }
      echoes.set(instance.id, echo)
    }
    for (const instance of removals) add(instance, false)
    for (const instance of puts) add(instance, true)
    this.#awaited.set(text, { target: key, echoes })
  }

  /** The registry has taken it; `readEnds` is what that is by now. */
  answered({ key, puts, removals }: Change, readEnds: number): void {
    const echoes = this.#awaited.get(keyText(key))?.echoes
    for (const { id } of [...puts, ...removals]) {
      const echo = echoes?.get(id)
      if (echo) echo.answeredAt ??= readEnds
    }
  }

  /** The mirror says by now that `target` is as `record` has it. */
  heard(target: ServiceKey, record: ServiceRecord | undefined): void {
    const text = keyText(target)
    const echoes = this.#awaited.get(text)?.echoes
    if (!echoes) return
    const there = byId(record)
    for (const [id, echo] of echoes) {
      const isShown = isThere(echo.instance, there)
      if (isShown !== echo.isShown) echo.owed -= 1
      echo.isShown = isShown
      if (echo.owed <= 0 && agrees(echo, there.get(id))) echoes.delete(id)
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

  /** Gives up on what was written before `beforeMs`, and returns the services. */
  giveUp(beforeMs: number): readonly ServiceKey[] {
    const lost: ServiceKey[] = []
    for (const [text, { target, echoes }] of this.#awaited) {
      const before = echoes.size
      for (const [id, { sinceMs }] of echoes) if (sinceMs < beforeMs) echoes.delete(id)
      if (echoes.size < before) lost.push(target)
      if (echoes.size === 0) this.#awaited.delete(text)
    }
    return lost
  }
}

/** Whether what was to be left has to be seen to, `now` being what the mirror says of that id. */
export function isOpen(echo: Readonly<Echo>, now: Instance | undefined): boolean {
  return !agrees(echo, now) || (echo.owed > 0 && echo.answeredAt === undefined)
}

function agrees({ instance, stands }: Readonly<Echo>, now: Instance | undefined): boolean {
  return stands ? now !== undefined && sameInstance(now, instance) : now === undefined
}

function byId(record: ServiceRecord | undefined): ReadonlyMap<string, Instance> {
  return new Map(record?.instances.map((one) => [one.id, one]))
}

function isThere(instance: Instance, there: ReadonlyMap<string, Instance>): boolean {
  const now = there.get(instance.id)
  return now !== undefined && sameInstance(now, instance)
}
