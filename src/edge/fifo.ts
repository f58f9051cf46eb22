interface Place<T> {
  readonly value: T
  before: Place<T> | undefined
  after: Place<T> | undefined
}

/**
 * Values in order of their coming, of which any can leave. A Set would do, but one that loses its
 * first value again and again is walked from the start each time, over all that have gone.
 */
export class Fifo<T> {
  readonly #places = new Map<T, Place<T>>()
  #first: Place<T> | undefined
  #last: Place<T> | undefined

  get size(): number {
    return this.#places.size
  }

  get first(): T | undefined {
    return this.#first?.value
  }

  add(value: T): void {
    const place: Place<T> = { value, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#places.set(value, place)
  }

  delete(value: T): void {
    const place = this.#places.get(value)
    if (place === undefined) return
    this.#places.delete(value)
    if (place.before === undefined) this.#first = place.after
    else place.before.after = place.after
    if (place.after === undefined) this.#last = place.before
    else place.after.before = place.before
  }
}
