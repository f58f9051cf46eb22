import { canonicalJson } from './canonical.ts'
import { readRecord } from './json.ts'
import type { Attribute, AttributeValue } from './model.ts'

const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

export function textAttribute(key: string, value: string): Attribute {
  return { key, value: { type: 'string', value } }
}

/** The value as a person or a string-only format reads it: lists and maps are plain JSON. */
export function attributeText(value: AttributeValue): string {
  if (value.type === 'list' || value.type === 'map') return canonicalJson(plainValue(value))
  return String(value.value)
}

/** An int64 from a number or decimal text: a number where that is exact, else the text. */
export function parseInt64(value: unknown): AttributeValue | undefined {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return { type: 'int64', value }
    // JSON has lost its last digits on the way already; an integer it is all the same.
    const isInt64 = Number.isInteger(value) && Math.abs(value) < 2 ** 63
    return isInt64 ? { type: 'int64', value: BigInt(value).toString() } : undefined
  }
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined
  const number = Number(value)
  return { type: 'int64', value: Number.isSafeInteger(number) ? number : value }
}

/** A float64 from a number or its text, `NaN` and `Infinity` included. */
export function parseFloat64(value: unknown): AttributeValue | undefined {
  if (typeof value === 'number') return { type: 'float64', value }
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = NOT_FINITE[value] ?? Number(value)
  return Number.isNaN(number) && value !== 'NaN' ? undefined : { type: 'float64', value: number }
}

/** A bool from true, false or their texts. */
export function parseBool(value: unknown): AttributeValue | undefined {
  if (value === true || value === 'true') return { type: 'bool', value: true }
  if (value === false || value === 'false') return { type: 'bool', value: false }
  return undefined
}

/** A scalar of the given type out of JSON or text; undefined when the value is not of it. */
export function parseScalar(type: unknown, value: unknown): AttributeValue | undefined {
  switch (type) {
    case 'string':
    case 'binary':
      return typeof value === 'string' ? { type, value } : undefined
    case 'bool':
      return parseBool(value)
    case 'int64':
      return parseInt64(value)
    case 'float64':
      return parseFloat64(value)
    default:
      return undefined
  }
}

/** A JSON scalar that came without a type: whole numbers are int64. */
export function untypedScalar(value: unknown): AttributeValue | undefined {
  if (typeof value === 'string') return { type: 'string', value }
  return parseBool(value) ?? (typeof value === 'number' ? numberValue(value) : undefined)
}

/** Reads a value as the model writes it (`{type, value}`); undefined when it is none. */
export function parseAttributeValue(json: unknown): AttributeValue | undefined {
  const record = readRecord(json)
  if (record === undefined) return undefined
  const { type, value } = record
  if (type === 'list') {
    const items = parseAll(value, parseAttributeValue)
    return items && { type, value: items }
  }
  if (type === 'map') {
    const items = parseAttributes(value)
    return items && { type, value: items }
  }
  return parseScalar(type, value)
}

/** Reads attributes as the model writes them; undefined when any is none. */
export function parseAttributes(json: unknown): readonly Attribute[] | undefined {
  return parseAll(json, (item) => {
    const record = readRecord(item)
    const value = parseAttributeValue(record?.['value'])
    const key = record?.['key']
    return typeof key === 'string' && value !== undefined ? { key, value } : undefined
  })
}

/** Reads each item of a list; undefined when it is no list or an item cannot be read. */
export function parseAll<T>(
  json: unknown,
  parse: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(json)) return undefined
  const items = json.map(parse)
  return items.every((item) => item !== undefined) ? items : undefined
}

function numberValue(value: number): AttributeValue {
  return parseInt64(value) ?? { type: 'float64', value }
}

function plainValue(value: AttributeValue): unknown {
  switch (value.type) {
    case 'list':
      return value.value.map(plainValue)
    case 'map':
      return Object.fromEntries(value.value.map((item) => [item.key, plainValue(item.value)]))
    default:
      return value.value
  }
}
