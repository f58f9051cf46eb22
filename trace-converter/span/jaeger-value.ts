import { attributeText, parseScalar, untypedScalar } from './attribute.ts'
import { canonicalJson } from './canonical.ts'
import { base64ToHex, hexToBase64 } from './binary.ts'
import type { Faults } from './json.ts'
import { readList, readRecord } from './json.ts'
import type { Attribute, AttributeValue } from './model.ts'

/** Jaeger's documents hold binary values in hex, the answers of its query API in base64. */
export type BinaryText = 'hex' | 'base64'

/** A tag, process tag or log field as Jaeger writes it. */
export interface JaegerTag {
  readonly key: string
  readonly type: string
  readonly value: string | number | boolean
}

/** `long` and `double` are what documents before 1.0 say. */
const TYPES: Readonly<Record<string, string>> = { long: 'int64', double: 'float64' }

/**
 * Reads typed tags. A value comes as JSON of its type or as text (Jaeger v1 wrote only text).
 * A tag that does not fit its type is kept as text, which is a fault.
 */
export function readJaegerTags(
  value: unknown,
  field: string,
  binary: BinaryText,
  faults: Faults,
): readonly Attribute[] {
  return readList(value, field, faults).flatMap((item) => {
    const json = readRecord(item)
    const key = json?.['key']
    if (typeof key === 'string') return { key, value: readValue(json ?? {}, key, binary, faults) }
    faults.push(`${field}: a tag without a key was left out`)
    return []
  })
}

/** `tags-as-fields` documents: `{"http@method": "GET"}`, the type lost. */
export function readTagFields(value: unknown): readonly Attribute[] {
  return Object.entries(readRecord(value) ?? {}).map(([key, field]) => ({
    key: key.replaceAll('@', '.'),
    value: untypedScalar(field) ?? { type: 'string', value: canonicalJson(field) },
  }))
}

export function writeJaegerTag({ key, value }: Attribute, binary: BinaryText): JaegerTag {
  switch (value.type) {
    case 'list':
    case 'map':
      return { key, type: 'string', value: attributeText(value) }
    case 'binary':
      return writeBinary(key, value.value, binary)
    case 'float64':
      return { key, type: value.type, value: finite(value.value) }
    default:
      return { key, type: value.type, value: value.value }
  }
}

function readValue(
  json: Readonly<Record<string, unknown>>,
  key: string,
  binary: BinaryText,
  faults: Faults,
): AttributeValue {
  const { type: word, value } = json
  const lower = typeof word === 'string' ? word.toLowerCase() : 'string'
  const type = TYPES[lower] ?? lower
  const text = type === 'binary' && binary === 'hex' ? binaryOfHex(value) : value
  const read = parseScalar(type, text)
  if (read !== undefined) return read
  faults.push(`tag ${key} does not fit its type; it was kept as text`)
  return { type: 'string', value: typeof value === 'string' ? value : canonicalJson(value) }
}

function binaryOfHex(value: unknown): string | undefined {
  return typeof value === 'string' ? hexToBase64(value) : undefined
}

function writeBinary(key: string, base64: string, binary: BinaryText): JaegerTag {
  const text = binary === 'hex' ? base64ToHex(base64) : base64
  if (text === undefined) return { key, type: 'string', value: base64 }
  return { key, type: 'binary', value: text }
}

function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
