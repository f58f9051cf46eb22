type Release = () => unknown

/**
 * Owns what was opened and closes it last-opened-first, also when opening fails half-way:
 * `await using life = new Lifetime()`. A release that throws does not keep the others from
 * running; the first failure is thrown at the end.
 */
export class Lifetime implements AsyncDisposable {
  readonly #releases: Release[] = []
  #closing: Promise<void> | undefined

  /** Takes over `resource` and returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.defer(() =>
      Symbol.asyncDispose in resource
        ? resource[Symbol.asyncDispose]()
        : resource[Symbol.dispose](),
    )
    return resource
  }

  /** Runs `release` when this lifetime ends. */
  defer(release: Release): void {
    this.#releases.push(release)
  }

  /**
   * Runs `task` until `signal` aborts; ending this lifetime aborts and awaits it. A task that
   * fails by itself reaches `onFailure`, an abort does not.
   */
  run(task: (signal: AbortSignal) => Promise<void>, onFailure: (error: unknown) => void): void {
    const abort = new AbortController()
    const done = task(abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) onFailure(error)
    })
    this.defer(async () => {
      abort.abort()
      await done
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        await release()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
