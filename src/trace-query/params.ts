import { IsthmusError } from '../kernel/errors.ts'

/** Query parameters as fastify parses them. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Reads the parameters of one request and remembers every one that is wrong, so that the answer
 * names them all: read them, then call {@link Params.check}.
 */
export class Params {
  readonly #query: RawQuery
  readonly #faults: string[] = []

  constructor(query: RawQuery) {
    this.#query = query
  }

  /** The first value; an empty one counts as absent, as the UIs send empty fields. */
  text(name: string): string | undefined {
    return this.all(name)[0]
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) this.fault(name, 'is required')
    return value ?? ''
  }

  all(name: string): readonly string[] {
    const value = this.#query[name]
    const values = value === undefined || typeof value === 'string' ? [value] : value
    return values.filter((text): text is string => text !== undefined && text !== '')
  }

  /** A whole number from `min` to `max`. */
  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
    const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    this.fault(name, `must be a whole number ${bound}`)
    return undefined
  }

  /** What `parse` makes of the text; undefined from it is a fault that says what is `expected`. */
  parsed<T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value === undefined) this.fault(name, expected)
    return value
  }

  fault(name: string, message: string): void {
    this.#faults.push(`${name} ${message}`)
  }

  /** Throws QUERY_INVALID naming every fault, if there is one. */
  check(): void {
    if (this.#faults.length === 0) return
    throw new IsthmusError('QUERY_INVALID', this.#faults.join('; '), {
      details: { faults: this.#faults },
    })
  }
}

const UNIT_US: Readonly<Record<string, number>> = {
  ns: 1e-3,
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  m: 6e7,
  h: 3.6e9,
}

/** Go's duration text (`1.2s`, `1h30m`, `500us`) in whole microseconds; undefined when it is not. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  let totalUs = 0
  for (const [, amount = '', unit = ''] of parts) totalUs += Number(amount) * (UNIT_US[unit] ?? 0)
  return Math.round(totalUs)
}

/**
 * Zipkin's annotationQuery: `error and http.method=GET`. Each condition is a tag with that value,
 * or a tag key or annotation of that text.
 */
export function parseAnnotationQuery(
  text: string,
): readonly { readonly key: string; readonly value?: string }[] {
  return text
    .split(/\s+and\s+/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      return equals < 1
        ? { key: part }
        : { key: part.slice(0, equals), value: part.slice(equals + 1) }
    })
}

/** Jaeger's `tags={"k":"v"}`; undefined when it is not a JSON object of strings. */
export function parseTagObject(
  text: string,
): readonly { readonly key: string; readonly value: string }[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    return undefined
  }
  return entries.map(([key, item]) => ({ key, value: item }))
}
