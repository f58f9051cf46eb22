/**
 * Changes of the catalog that are our own transactions, whole. Each has a number of its own in
 * Consul's log. So when the list of names says that it has come to a number, and every one up to
 * there is ours, nobody need look for what has changed. What others wrote never counts, although a
 * watch may have shown it: their transaction may have changed other services too.
 */
export class Explained {
  readonly #ours = new Set<number>()
  /** What was changed up to here is known, or has been looked for. */
  #upTo = 0
  #listed = 0

  /** Everything was read after this number. */
  begin(index: number): void {
    this.#upTo = index
    this.#listed = index
  }

  wrote(index: number): void {
    if (index > this.#upTo) this.#ours.add(index)
  }

  /** The catalog has come to this number. */
  listed(index: number): void {
    this.#listed = Math.max(this.#listed, index)
  }

  /** Whether all that was listed is ours; from now on it counts as looked for. */
  settle(): boolean {
    let ours = true
    for (let index = this.#upTo + 1; index <= this.#listed && ours; index += 1) {
      ours = this.#ours.has(index)
    }
    this.#upTo = this.#listed
    for (const index of this.#ours) if (index <= this.#upTo) this.#ours.delete(index)
    return ours
  }
}
