import { canonicalJson } from './canonical.ts'
import { restore, writeWhole } from './carry.ts'
import type { DecodeOptions, Decoded } from './decoded.ts'
import { decodeEach, notOfFormat } from './decoded.ts'
import type { JaegerParts, JaegerReference } from './jaeger-parts.ts'
import { readJson } from './jaeger-read.ts'
import { partsOfSpan, spanOfParts } from './jaeger-span.ts'
import type { JaegerTag } from './jaeger-value.ts'
import { readJaegerTags, writeJaegerTag } from './jaeger-value.ts'
import type { Faults, Json } from './json.ts'
import { readRecord, readSpanRecord, readText } from './json.ts'
import type { Attribute, Provenance, Span, Trace } from './model.ts'
import { storedTraceId } from './wire-ids.ts'

/** A trace as Jaeger's query API v1 answers and its pages read. */
export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerUiSpan[]
  readonly processes: Readonly<Record<string, JaegerProcess>>
  readonly warnings: readonly string[] | null
}

interface JaegerUiSpan {
  readonly traceID: string
  readonly spanID: string
  readonly flags: number
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  /** Microseconds since 1970. */
  readonly startTime: number
  /** Microseconds. */
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

interface JaegerProcess {
  readonly serviceName: string
  readonly tags: readonly JaegerTag[]
}

interface Item {
  readonly span: unknown
  readonly processes: Json
}

/** Reads `{data: [trace…]}`, a list of traces or one trace; `index` counts spans over all. */
export function decodeJaegerTraces(json: unknown, options: DecodeOptions): Decoded {
  const data = readRecord(json)?.['data'] ?? json
  const traces = (Array.isArray(data) ? data : [data]).map(readRecord)
  if (!traces.every((trace) => Array.isArray(trace?.['spans']))) {
    return notOfFormat('not an answer of a Jaeger query')
  }
  const provenance: Provenance = { stores: [options.store], format: 'jaeger-ui', repairs: [] }
  return decodeEach(traces.flatMap(itemsOf), (item, faults) => {
    const span = readSpan(item, provenance, faults)
    return span && restore(span)
  })
}

/**
 * One trace with the processes that its spans share. What Jaeger cannot say is in `isthmus.*`
 * tags. A span without a start is drawn at the start of the trace: at 0 the page would not draw.
 */
export function encodeJaegerTrace(trace: Trace): JaegerTrace {
  const starts = trace.spans.flatMap((span) => span.startUs ?? [])
  const firstUs = starts.reduce((first, us) => Math.min(first, us), starts[0] ?? 0)
  const processes = new ProcessTable()
  const width = Math.max(16, ...trace.spans.map((span) => span.traceIdWidth))
  return {
    traceID: storedTraceId(trace.traceId, width, 16),
    spans: trace.spans.map((span) => encodeSpan(span, firstUs, processes)),
    processes: processes.json(),
    warnings: trace.notes.length === 0 ? null : trace.notes.map((note) => note.message),
  }
}

function encodeSpan(span: Span, firstUs: number, processes: ProcessTable): JaegerUiSpan {
  return writeWhole(
    span,
    (carried) => writeSpan(startedBy(partsOfSpan(span, carried), firstUs), processes),
    (wire) => readSpan({ span: wire, processes: processes.json() }, span.provenance, []),
  )
}

function startedBy(parts: JaegerParts, firstUs: number): JaegerParts {
  return parts.startUs === 0 ? { ...parts, startUs: firstUs } : parts
}

function itemsOf(trace: Json | undefined): Item[] {
  const processes = readRecord(trace?.['processes']) ?? {}
  const spans = trace?.['spans']
  return Array.isArray(spans) ? spans.map((span: unknown) => ({ span, processes })) : []
}

function readSpan(item: Item, provenance: Provenance, faults: Faults): Span | undefined {
  const json = readSpanRecord(item.span, faults)
  if (json === undefined) return undefined
  const parts = readJson(json, 'base64', faults)
  const process = processOf(json, item.processes, faults)
  const serviceName = readText(process['serviceName'], 'process.serviceName', faults) ?? ''
  const processTags = readJaegerTags(process['tags'], 'process.tags', 'base64', faults)
  return spanOfParts({ ...parts, serviceName, processTags }, provenance, faults)
}

/** Written into the span itself (archives do that) or named by `processID`. */
function processOf(json: Json, processes: Json, faults: Faults): Json {
  const own = readRecord(json['process'])
  if (own !== undefined) return own
  const id = json['processID']
  const process =
    typeof id === 'string' && Object.hasOwn(processes, id) ? readRecord(processes[id]) : undefined
  if (process === undefined) faults.push('processID names no process')
  return readSpanRecord(process ?? {}, faults) ?? {}
}

function writeSpan(parts: JaegerParts, processes: ProcessTable): JaegerUiSpan {
  const write = (tag: Attribute): JaegerTag => writeJaegerTag(tag, 'base64')
  return {
    traceID: parts.traceId,
    spanID: parts.spanId,
    flags: parts.flags,
    operationName: parts.operationName,
    references: parts.references,
    startTime: parts.startUs,
    duration: parts.durationUs,
    tags: parts.tags.map(write),
    logs: parts.logs.map((log) => ({ timestamp: log.timeUs, fields: log.fields.map(write) })),
    processID: processes.idOf(parts),
    warnings: parts.warnings.length === 0 ? null : parts.warnings,
  }
}

/** Processes by content: `p1`, `p2`, … in the order in which spans name them. */
class ProcessTable {
  readonly #ids = new Map<string, string>()
  readonly #processes: Record<string, JaegerProcess> = {}

  idOf({ serviceName, processTags }: JaegerParts): string {
    const tags = processTags.map((tag) => writeJaegerTag(tag, 'base64'))
    const key = canonicalJson({ serviceName, tags })
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = `p${this.#ids.size + 1}`
    this.#ids.set(key, id)
    this.#processes[id] = { serviceName, tags }
    return id
  }

  json(): Readonly<Record<string, JaegerProcess>> {
    return this.#processes
  }
}
