/** An object out of JSON that nobody has checked. */
export type Json = Readonly<Record<string, unknown>>

/** What was wrong with a span that could be read all the same, in words for people. */
export type Faults = string[]

/** Every field of T by name, so that none is forgotten; `undefined` where it is absent. */
type Complete<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? T[K] | undefined : T[K]
}

/** The object without the fields that are undefined. */
export function present<T extends object>(fields: Complete<T>): T {
  return withoutAbsent(fields) as T
}

/** The same for an object whose type does not know that fields of it may be undefined. */
export function withoutAbsent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

/** A copy without that field. */
export function without<T extends object, K extends keyof T>(value: T, field: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== field)) as Omit<T, K>
}

/** undefined when it is not an object. */
export function readRecord(value: unknown): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Json
}

/** The items of a list; none when the list is absent, null or no list (which is a fault). */
export function readList(value: unknown, field: string, faults: Faults): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value !== undefined && value !== null) faults.push(`${field} is not a list`)
  return []
}

/** A text; undefined when absent, null, empty (formats use it for "none") or no text (a fault). */
export function readText(value: unknown, field: string, faults: Faults): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  faults.push(`${field} is not a text`)
  return undefined
}

/**
 * A whole number from 0 to 2^53 - 1, given as a number or as decimal text; a fraction is rounded
 * down. undefined when absent or anything else (a fault).
 */
export function readCount(value: unknown, field: string, faults: Faults): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const count = typeof value === 'string' ? parseDecimal(value) : value
  if (typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER) {
    return Math.floor(count)
  }
  faults.push(`${field} is not a count`)
  return undefined
}

/** Like readCount for formats in which 0 means "none". */
export function readPositive(value: unknown, field: string, faults: Faults): number | undefined {
  const count = readCount(value, field, faults)
  return count === 0 ? undefined : count
}

/** true or false; undefined when absent or anything else (a fault). */
export function readFlag(value: unknown, field: string, faults: Faults): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value !== undefined && value !== null) faults.push(`${field} is neither true nor false`)
  return undefined
}

/** Lists and maps within one another in one span; exporters need a dozen. */
const MOST_NESTED = 64

/**
 * Whether it is an object that can be gone through by recursion; if not, `faults` says why. What
 * is nested without end would take the whole call stack, and with it every other span.
 */
export function readSpanRecord(value: unknown, faults: Faults): Json | undefined {
  const record = readRecord(value)
  if (record === undefined) faults.push('not an object')
  else if (!isShallow(record)) faults.push(`nested deeper than ${MOST_NESTED} levels`)
  else return record
  return undefined
}

/** Whether it is not nested deeper than a span may be. */
export function isShallow(value: unknown, levels = MOST_NESTED): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1))
}

/** JSON text to a value; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseDecimal(text: string): number | undefined {
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined
}
