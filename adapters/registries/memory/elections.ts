import type { Session } from './session.ts'

interface Held {
  readonly session: Session
  /** Of the session when it took it: one that expired has another. */
  readonly id: number
  readonly number: number
}

/** What sessions of one backend hold alone: identities and leases. It ends with the session. */
export class Elections {
  readonly #held = new Map<string, Held>()
  readonly #watchers = new Set<() => void>()
  #last = 0

  /** The number under which `session` has `place` now, or undefined when it is not free. */
  take(place: string, session: Session): number | undefined {
    if (this.#live(place)) return undefined
    this.#last += 1
    this.#held.set(place, { session, id: session.id, number: this.#last })
    return this.#last
  }

  leave(place: string, number: number): void {
    if (this.#live(place)?.number !== number) return
    this.#held.delete(place)
    this.changed()
  }

  holds(place: string, number: number): boolean {
    return this.#live(place)?.number === number
  }

  /** All that this session has is free for others. */
  leaveAll(session: Session): void {
    for (const [place, held] of this.#held) if (held.session === session) this.#held.delete(place)
    this.changed()
  }

  holder(place: string): Session | undefined {
    return this.#live(place)?.session
  }

  /** Whoever has it has it no more. */
  free(place: string): void {
    this.#held.delete(place)
    this.changed()
  }

  /** A session has ended, or the connection to the backend has come or gone. */
  changed(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  /** Calls `watcher` after each change. Returns what ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Resolves at the next change, or when `signal` aborts. */
  async change(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = deferred()
    const unwatch = this.watch(resolve)
    signal.addEventListener('abort', resolve)
    await promise
    signal.removeEventListener('abort', resolve)
    unwatch()
  }

  #live(place: string): Held | undefined {
    const held = this.#held.get(place)
    return held?.session.id === held?.id ? held : undefined
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}
