type Release = () => unknown

/**
 * Owns what was opened and closes it last-opened-first, also when opening fails half-way:
 * `await using life = new Lifetime()`. A release that throws does not keep the others from
 * running; the first failure is thrown at the end.
 */
export class Lifetime implements AsyncDisposable {
  /** In order of opening. */
  readonly #releases = new Set<Release>()
  #closing: Promise<void> | undefined

  /**
   * Takes over `resource` and returns it. One that may end long before this lifetime, and needs
   * nothing done then, says so by `ended` and is let go: who opens them for ever would keep them all.
   */
  use<T extends AsyncDisposable | Disposable>(resource: T, ended?: AbortSignal): T {
    if (ended?.aborted) return resource
    const release: Release = () =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()
    this.defer(release)
    ended?.addEventListener('abort', () => this.#releases.delete(release), { once: true })
    return resource
  }

  /** Runs `release`, a function of its own, when this lifetime ends. */
  defer(release: Release): void {
    this.#releases.add(release)
  }

  /**
   * Runs `task` until `signal` aborts; ending this lifetime aborts and awaits it. A task that
   * fails by itself reaches `onFailure`, an abort does not. One that is over is forgotten.
   */
  run(task: (signal: AbortSignal) => Promise<void>, onFailure: (error: unknown) => void): void {
    const abort = new AbortController()
    const done = task(abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) onFailure(error)
    })
    const release: Release = async () => {
      abort.abort()
      await done
    }
    this.defer(release)
    void done.then(() => this.#releases.delete(release))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    for (let release = this.#last(); release; release = this.#last()) {
      this.#releases.delete(release)
      try {
        await release()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #last(): Release | undefined {
    return [...this.#releases].at(-1)
  }
}
