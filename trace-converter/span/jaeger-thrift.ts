import type { Decoded, DecodeOptions } from './decoded.ts'
import { decodeJaegerDocuments } from './jaeger-es.ts'
import {
  readThriftStruct,
  thriftText,
  type ThriftStruct,
  type ThriftValue,
} from './thrift-binary.ts'

/** Field numbers of jaeger-idl's jaeger.thrift. */
const BATCH = { process: 1, spans: 2 } as const
const PROCESS = { serviceName: 1, tags: 2 } as const
const SPAN = {
  traceIdLow: 1,
  traceIdHigh: 2,
  spanId: 3,
  parentSpanId: 4,
  operationName: 5,
  references: 6,
  flags: 7,
  startTime: 8,
  duration: 9,
  tags: 10,
  logs: 11,
} as const
const REFERENCE = { type: 1, traceIdLow: 2, traceIdHigh: 3, spanId: 4 } as const
const REFERENCE_TYPES = ['CHILD_OF', 'FOLLOWS_FROM'] as const
const TAG = { key: 1, type: 2 } as const
/** By TagType: what the type is called in documents, and the field that holds the value. */
const TAG_TYPES = [
  { type: 'string', field: 3 },
  { type: 'float64', field: 4 },
  { type: 'bool', field: 5 },
  { type: 'int64', field: 6 },
  { type: 'binary', field: 7 },
] as const
const LOG = { timestamp: 1, fields: 2 } as const

/**
 * Spans of a `Batch` in Thrift's binary protocol, as jaeger-client posts it: brought into the
 * shape of Jaeger's stored documents, so that one codec knows what Jaeger's fields mean.
 * undefined when the bytes are no Batch.
 */
export function decodeJaegerThrift(bytes: Uint8Array, options: DecodeOptions): Decoded | undefined {
  const batch = readThriftStruct(bytes)
  const process = asStruct(batch?.get(BATCH.process))
  const spans = batch?.get(BATCH.spans)
  if (!process || !Array.isArray(spans)) return undefined
  const shared = {
    serviceName: thriftText(process.get(PROCESS.serviceName)),
    tags: structs(process.get(PROCESS.tags)).map(tagOf),
  }
  const documents = structs(spans).map((span) => ({ ...documentOf(span), process: shared }))
  return decodeJaegerDocuments(documents, { ...options, format: 'jaeger-thrift' })
}

function documentOf(span: ThriftStruct): object {
  const traceID = traceIdText(span.get(SPAN.traceIdHigh), span.get(SPAN.traceIdLow))
  const parent = hex64(span.get(SPAN.parentSpanId))
  const references = structs(span.get(SPAN.references)).map(referenceOf)
  // The parent field is older than references; senders fill in one, the other or both.
  const known = references.some(({ spanID }) => spanID === parent)
  const parentReference = { refType: 'CHILD_OF', traceID, spanID: parent }
  return {
    traceID,
    spanID: hex64(span.get(SPAN.spanId)),
    flags: span.get(SPAN.flags),
    operationName: thriftText(span.get(SPAN.operationName)),
    references: known || !/[^0]/.test(parent) ? references : [parentReference, ...references],
    startTime: numberOf(span.get(SPAN.startTime)),
    duration: numberOf(span.get(SPAN.duration)),
    tags: structs(span.get(SPAN.tags)).map(tagOf),
    logs: structs(span.get(SPAN.logs)).map((log) => ({
      timestamp: numberOf(log.get(LOG.timestamp)),
      fields: structs(log.get(LOG.fields)).map(tagOf),
    })),
  }
}

function referenceOf(reference: ThriftStruct): {
  refType: string | undefined
  traceID: string
  spanID: string
} {
  return {
    refType: REFERENCE_TYPES[Number(reference.get(REFERENCE.type))],
    traceID: traceIdText(reference.get(REFERENCE.traceIdHigh), reference.get(REFERENCE.traceIdLow)),
    spanID: hex64(reference.get(REFERENCE.spanId)),
  }
}

function tagOf(tag: ThriftStruct): object {
  const kind = TAG_TYPES[Number(tag.get(TAG.type))] ?? TAG_TYPES[0]
  const value = tag.get(kind.field)
  return { key: thriftText(tag.get(TAG.key)), type: kind.type, value: tagValue(kind.type, value) }
}

function tagValue(
  type: (typeof TAG_TYPES)[number]['type'],
  value: ThriftValue | undefined,
): unknown {
  switch (type) {
    case 'string':
      return thriftText(value) ?? ''
    case 'binary':
      return value instanceof Uint8Array ? hexOf(value) : ''
    case 'int64':
      return numberOf(value)
    case 'bool':
    case 'float64':
      return value
  }
}

/** A number where it is exact, else decimal text. */
function numberOf(value: ThriftValue | undefined): number | string | undefined {
  if (typeof value !== 'bigint') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** 16 digits when the high half is zero, as Jaeger itself writes them, else 32. */
function traceIdText(high: ThriftValue | undefined, low: ThriftValue | undefined): string {
  const left = hex64(high)
  return /[^0]/.test(left) ? left + hex64(low) : hex64(low)
}

function hex64(value: ThriftValue | undefined): string {
  return BigInt.asUintN(64, typeof value === 'bigint' ? value : 0n)
    .toString(16)
    .padStart(16, '0')
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function structs(value: ThriftValue | undefined): readonly ThriftStruct[] {
  return Array.isArray(value) ? value.flatMap((item: ThriftValue) => asStruct(item) ?? []) : []
}

function asStruct(value: ThriftValue | undefined): ThriftStruct | undefined {
  return value instanceof Map ? value : undefined
}
