import { restore, writeWhole } from './carry.ts'
import type { DecodeOptions, Decoded } from './decoded.ts'
import { decodeEach, notOfFormat } from './decoded.ts'
import { readJson } from './jaeger-read.ts'
import type { JaegerParts, JaegerReference } from './jaeger-parts.ts'
import { partsOfSpan, spanOfParts } from './jaeger-span.ts'
import type { JaegerTag } from './jaeger-value.ts'
import { readJaegerTags, readTagFields, writeJaegerTag } from './jaeger-value.ts'
import type { Faults, Json } from './json.ts'
import { present, readRecord, readSpanRecord, readText } from './json.ts'
import type { Attribute, Provenance, Span, SpanFormat } from './model.ts'

/** A span of a `jaeger-span-*` index of Elasticsearch, as Jaeger 1.x and 2.x write it. */
export interface JaegerDocument {
  readonly traceID: string
  readonly spanID: string
  readonly parentSpanID?: string
  readonly flags: number
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  /** Microseconds since 1970. */
  readonly startTime: number
  readonly startTimeMillis: number
  /** Microseconds. */
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[]
  readonly process: { readonly serviceName: string; readonly tags: readonly JaegerTag[] }
}

export interface DocumentOptions extends DecodeOptions {
  /** What the spans came in, where documents are only a step on the way. */
  readonly format?: SpanFormat
}

/** Reads a list of documents (`_source` of the hits); values as text or as JSON. */
export function decodeJaegerDocuments(json: unknown, options: DocumentOptions): Decoded {
  if (!Array.isArray(json)) return notOfFormat('not a list of Jaeger documents')
  const format = options.format ?? 'jaeger-es'
  const provenance: Provenance = { stores: [options.store], format, repairs: [] }
  return decodeEach(json as unknown[], (item, faults) => {
    const record = readSpanRecord(item, faults)
    const span = record && readDocument(record, provenance, faults)
    return span && restore(span)
  })
}

/** What the document cannot say is in `isthmus.*` tags; decoding gives the same span back. */
export function encodeJaegerDocument(span: Span): JaegerDocument {
  return writeWhole(
    span,
    (carried) => writeDocument(partsOfSpan(span, carried)),
    (wire) => readDocument({ ...wire }, span.provenance, []),
  )
}

function writeDocument(parts: JaegerParts): JaegerDocument {
  const write = (tag: Attribute): JaegerTag => writeJaegerTag(tag, 'hex')
  return present<JaegerDocument>({
    traceID: parts.traceId,
    spanID: parts.spanId,
    parentSpanID: parts.parentSpanId,
    flags: parts.flags,
    operationName: parts.operationName,
    references: parts.references,
    startTime: parts.startUs,
    startTimeMillis: Math.floor(parts.startUs / 1000),
    duration: parts.durationUs,
    tags: parts.tags.map(write),
    logs: parts.logs.map((log) => ({ timestamp: log.timeUs, fields: log.fields.map(write) })),
    process: { serviceName: parts.serviceName, tags: parts.processTags.map(write) },
  })
}

function readDocument(json: Json, provenance: Provenance, faults: Faults): Span | undefined {
  const process = readRecord(json['process']) ?? {}
  const parts = readJson(json, 'hex', faults)
  const spanTags = [...parts.tags, ...readTagFields(json['tag'])]
  const processTags = readJaegerTags(process['tags'], 'process.tags', 'hex', faults)
  return spanOfParts(
    {
      ...parts,
      tags: spanTags,
      serviceName: readText(process['serviceName'], 'process.serviceName', faults) ?? '',
      processTags: [...processTags, ...readTagFields(process['tag'])],
    },
    provenance,
    faults,
  )
}
