/**
 * The known trace headers of one request in order of arrival, each name in lower case. A few pairs
 * at most in the usual case: looking through them is cheaper than any index.
 */
export class TraceFields {
  readonly #names: string[] = []
  readonly #values: string[] = []

  add(name: string, value: string): void {
    this.#names.push(name)
    this.#values.push(value)
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0
  }

  /** The first line of a name, as it came. */
  first(name: string): string | undefined {
    const at = this.#find(name, 0)
    return at < 0 ? undefined : this.#values[at]
  }

  isRepeated(name: string): boolean {
    const first = this.#find(name, 0)
    return first >= 0 && this.#find(name, first + 1) >= 0
  }

  /** All lines of a name. */
  all(name: string): readonly string[] {
    const lines: string[] = []
    for (let at = this.#find(name, 0); at >= 0; at = this.#find(name, at + 1)) {
      lines.push(this.#values[at] ?? '')
    }
    return lines
  }

  /** The first line of each name behind a prefix, the prefix cut off. */
  behind(prefix: string): readonly (readonly [key: string, value: string])[] {
    const found = new Map<string, string>()
    for (const [index, name] of this.#names.entries()) {
      const key = name.startsWith(prefix) ? name.slice(prefix.length) : undefined
      const value = this.#values[index]
      if (key !== undefined && value !== undefined && !found.has(key)) found.set(key, value)
    }
    return [...found]
  }

  /** A loop is through with a handful of names before indexOf is called. */
  #find(name: string, from: number): number {
    const names = this.#names
    for (let at = from; at < names.length; at++) if (names[at] === name) return at
    return -1
  }

  hasPrefix(prefix: string): boolean {
    return this.#names.some((name) => name.startsWith(prefix))
  }
}

/**
 * The first value, without the spaces around it. A proxy may have joined repeated lines with
 * commas, which means the same (RFC 9110 §5.3); B3 says that the first value wins.
 */
export function firstValue(fields: TraceFields, name: string): string | undefined {
  const line = fields.first(name)
  if (line === undefined) return undefined
  const comma = line.indexOf(',')
  return trimSpaces(comma < 0 ? line : line.slice(0, comma))
}

/** Cuts HTTP's optional white space. A loop: `[ \t]+$` is quadratic on long runs of spaces. */
export function trimSpaces(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
