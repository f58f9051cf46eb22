import type { DecodeOptions, Decoded } from './decoded.ts'
import { notOfFormat } from './decoded.ts'
import { decodeJaegerDocuments } from './jaeger-es.ts'
import { decodeJaegerTraces } from './jaeger-ui.ts'
import { parseJson, readRecord } from './json.ts'
import type { SpanFormat } from './model.ts'
import { decodeOtlpSpans } from './otlp-json.ts'
import { decodeZipkinSpans } from './zipkin-json.ts'

export interface AnyDecoded extends Decoded {
  /** undefined when no known format was recognised; `problems` then says so. */
  readonly format: SpanFormat | undefined
}

/** What a file may hold and how it is known. The first that fits is taken. */
interface Shape {
  readonly format: SpanFormat
  readonly fits: (value: unknown) => boolean
  readonly decode: (value: unknown, options: DecodeOptions) => Decoded
}

const SHAPES: readonly Shape[] = [
  { format: 'otlp', fits: hasList('resourceSpans'), decode: decodeOtlpSpans },
  { format: 'otlp', fits: listOf(hasList('resourceSpans')), decode: decodeOtlpList },
  { format: 'jaeger-ui', fits: isJaegerAnswer, decode: decodeJaegerTraces },
  { format: 'jaeger-ui', fits: hasList('spans'), decode: decodeJaegerTraces },
  { format: 'jaeger-ui', fits: listOf(hasList('spans')), decode: decodeJaegerTraces },
  { format: 'jaeger-es', fits: listOf(isDocument), decode: decodeJaegerDocuments },
  {
    format: 'jaeger-es',
    fits: isDocument,
    decode: (value, o) => decodeJaegerDocuments([value], o),
  },
  { format: 'zipkin-v2', fits: listOf(isZipkinSpan), decode: decodeZipkinSpans },
  { format: 'zipkin-v2', fits: listOf(listOf(isZipkinSpan)), decode: decodeZipkinSpans },
  { format: 'zipkin-v2', fits: isZipkinSpan, decode: (value, o) => decodeZipkinSpans([value], o) },
]

/**
 * Reads a file of any known format, told apart by content: Zipkin v2 lists (also nested, and one
 * span), answers of a Jaeger query (also a bare trace), Elasticsearch hits of Jaeger documents
 * (also bare documents), OTLP; JSON or one JSON value a line.
 */
export function decodeAny(text: string, options: DecodeOptions): AnyDecoded {
  // Some systems' tools write a byte order mark, which is no JSON.
  const json = text.replace(/^\uFEFF/, '')
  const whole = parseJson(json)
  const value = withoutHits(whole === undefined ? parseLines(json) : whole)
  const shape = SHAPES.find(({ fits }) => fits(value))
  if (shape !== undefined) return { format: shape.format, ...shape.decode(value, options) }
  if (isEmpty(value)) return { format: undefined, spans: [], problems: [] }
  return { format: undefined, ...notOfFormat('no known span format') }
}

/**
 * One JSON value a line, lists of lines put end to end. A line that is no JSON stays text, so
 * that it becomes a problem of its own instead of hiding its neighbours.
 */
function parseLines(text: string): readonly unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => parseJson(line) ?? line).flat(1)
}

/** Elasticsearch's answer and its hits, down to the documents. */
function withoutHits(value: unknown): unknown {
  const hits = readRecord(readRecord(value)?.['hits'])?.['hits'] ?? value
  return Array.isArray(hits) ? hits.map(sourceOf) : sourceOf(hits)
}

function sourceOf(hit: unknown): unknown {
  return readRecord(hit)?.['_source'] ?? hit
}

function hasList(field: string): (value: unknown) => boolean {
  return (value) => Array.isArray(readRecord(value)?.[field])
}

/** Most files are long and uniform: any item that fits tells, so that a bad first one does not. */
function listOf(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.some(fits)
}

function isJaegerAnswer(value: unknown): boolean {
  const data = readRecord(value)?.['data']
  return listOf(hasList('spans'))(data)
}

function isDocument(value: unknown): boolean {
  return 'traceID' in (readRecord(value) ?? {})
}

function isZipkinSpan(value: unknown): boolean {
  const record = readRecord(value) ?? {}
  return 'traceId' in record && 'id' in record
}

function decodeOtlpList(value: unknown, options: DecodeOptions): Decoded {
  const requests = Array.isArray(value) ? (value as unknown[]) : []
  const resourceSpans = requests.flatMap((request) => readRecord(request)?.['resourceSpans'] ?? [])
  return decodeOtlpSpans({ resourceSpans }, options)
}

function isEmpty(value: unknown): boolean {
  const data = readRecord(value)?.['data'] ?? value
  return Array.isArray(data) && data.length === 0
}
