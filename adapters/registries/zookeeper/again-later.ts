/**
 * Names that are tried again after a while. Each has one pause at a time, however often it fails
 * meanwhile: else each change of what cannot be read would add one more try a second, for ever.
 */
export class AgainLater {
  readonly #sleep: () => Promise<void>
  readonly #again: (name: string) => void
  readonly #pausing = new Set<string>()

  /** `sleep` rejects when nothing is to be tried any more. */
  constructor(sleep: () => Promise<void>, again: (name: string) => void) {
    this.#sleep = sleep
    this.#again = again
  }

  add(name: string): void {
    if (this.#pausing.has(name)) return
    this.#pausing.add(name)
    void this.#sleep().then(
      () => {
        this.#pausing.delete(name)
        this.#again(name)
      },
      () => undefined,
    )
  }
}
