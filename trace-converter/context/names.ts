const LETTERS = 32
const LENGTHS = 64

/**
 * Field names of trace headers. Most fields of a request are nobody's, which one look at the
 * first two letters and the length tells, without making a string.
 */
export class HeaderNames {
  readonly #shapes = new Uint8Array(LETTERS * LETTERS * LENGTHS)
  readonly #exact = new Map<string, string>()
  readonly #prefixes: readonly string[]

  /** All in lower case. */
  constructor(names: readonly string[], prefixes: readonly string[]) {
    this.#prefixes = prefixes
    for (const name of names) {
      this.#exact.set(name, name)
      this.#shapes[shapeOf(name, name.length)] = 1
    }
    for (const prefix of prefixes) {
      for (let length = prefix.length; length < LENGTHS; length++) {
        this.#shapes[shapeOf(prefix, length)] = 1
      }
    }
  }

  /** The name in lower case if it is one of them, or begins like one. */
  find(name: string): string | undefined {
    if (this.#shapes[shapeOf(name, name.length)] !== 1) return undefined
    const exact = this.#exact.get(name)
    if (exact !== undefined) return exact
    const lower = name.toLowerCase()
    const known = this.#exact.get(lower)
    if (known !== undefined) return known
    return this.#prefixes.some((prefix) => lower.startsWith(prefix)) ? lower : undefined
  }
}

/** The low five bits of a letter are the same in both cases; longer names share the last place. */
function shapeOf(name: string, length: number): number {
  const first = name.charCodeAt(0) & (LETTERS - 1)
  const second = name.charCodeAt(1) & (LETTERS - 1)
  const place = length < LENGTHS ? length : LENGTHS - 1
  return (first * LETTERS + second) * LENGTHS + place
}
