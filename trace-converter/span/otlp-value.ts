import { parseBool, parseFloat64, parseInt64 } from './attribute.ts'
import { canonicalJson } from './canonical.ts'
import type { Faults, Json } from './json.ts'
import { readList, readRecord } from './json.ts'
import type { Attribute, AttributeValue } from './model.ts'

/** OTLP's AnyValue in protobuf JSON: 64-bit integers are text, bytes are base64. */
type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number | string }
  | { readonly bytesValue: string }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } }
  | { readonly kvlistValue: { readonly values: readonly OtlpAttribute[] } }

export interface OtlpAttribute {
  readonly key: string
  readonly value: OtlpValue
}

/** A value without any of the known fields reads as the empty text, with a fault. */
export function readOtlpAttributes(
  value: unknown,
  field: string,
  faults: Faults,
): readonly Attribute[] {
  return readList(value, field, faults).flatMap((item) => {
    const json = readRecord(item)
    const key = json?.['key']
    if (typeof key === 'string') return [{ key, value: readValue(json?.['value'], key, faults) }]
    faults.push(`${field}: an attribute without a key was left out`)
    return []
  })
}

export function writeOtlpAttribute({ key, value }: Attribute): OtlpAttribute {
  return { key, value: writeValue(value) }
}

function readValue(value: unknown, key: string, faults: Faults): AttributeValue {
  const json = readRecord(value) ?? {}
  const read = readScalar(json) ?? readNested(json, key, faults)
  if (read !== undefined) return read
  faults.push(`attribute ${key} has no readable value; it was kept as text`)
  return { type: 'string', value: Object.keys(json).length === 0 ? '' : canonicalJson(json) }
}

function readScalar(json: Json): AttributeValue | undefined {
  const { stringValue, bytesValue } = json
  if (typeof stringValue === 'string') return { type: 'string', value: stringValue }
  if (typeof bytesValue === 'string') return { type: 'binary', value: bytesValue }
  return (
    parseBool(json['boolValue']) ??
    parseInt64(json['intValue']) ??
    parseFloat64(json['doubleValue'])
  )
}

function readNested(json: Json, key: string, faults: Faults): AttributeValue | undefined {
  const array = readRecord(json['arrayValue'])
  if (array !== undefined) {
    const items = readList(array['values'], key, faults)
    return { type: 'list', value: items.map((item) => readValue(item, key, faults)) }
  }
  const map = readRecord(json['kvlistValue'])
  return map && { type: 'map', value: readOtlpAttributes(map['values'], key, faults) }
}

function writeValue(value: AttributeValue): OtlpValue {
  switch (value.type) {
    case 'string':
      return { stringValue: value.value }
    case 'bool':
      return { boolValue: value.value }
    case 'int64':
      return { intValue: String(value.value) }
    case 'float64':
      return { doubleValue: Number.isFinite(value.value) ? value.value : String(value.value) }
    case 'binary':
      return { bytesValue: value.value }
    case 'list':
      return { arrayValue: { values: value.value.map(writeValue) } }
    case 'map':
      return { kvlistValue: { values: value.value.map(writeOtlpAttribute) } }
  }
}
