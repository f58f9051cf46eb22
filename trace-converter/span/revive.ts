import { parseAll, parseAttributes } from './attribute.ts'
import { parseSpanId, parseTraceId } from './ids.ts'
import type { SpanId, TraceId } from './ids.ts'
import type { Json } from './json.ts'
import { present, readRecord } from './json.ts'
import type { Endpoint, Scope, Span, SpanEvent, SpanKind, SpanLink, SpanStatus } from './model.ts'

type Revive<T> = (json: unknown) => T | undefined

const KINDS = { client: 1, server: 1, producer: 1, consumer: 1, internal: 1 } as const
const LINK_KINDS = { 'child-of': 1, 'follows-from': 1, link: 1 } as const
const STATUS_CODES = { unset: 1, ok: 1, error: 1 } as const

/**
 * One reader for each field of a span as the model's own JSON writes it. The JSON comes back from
 * outside (a tag, a file), so each reader checks the shape and answers undefined when it is wrong.
 */
export const REVIVERS: { readonly [F in keyof Span]-?: Revive<Exclude<Span[F], undefined>> } = {
  traceId: reviveTraceId,
  traceIdWidth: reviveNumber,
  id: reviveSpanId,
  parentId: reviveSpanId,
  kind: reviveSpanKind,
  shared: reviveFlag,
  debug: reviveFlag,
  name: reviveText,
  startUs: reviveNumber,
  durationUs: reviveNumber,
  startNs: reviveNumber,
  durationNs: reviveNumber,
  local: reviveEndpoint,
  process: parseAttributes,
  remote: reviveEndpoint,
  tags: parseAttributes,
  events: (json) => parseAll(json, reviveEvent),
  links: (json) => parseAll(json, reviveLink),
  status: reviveStatus,
  tracestate: reviveText,
  flags: reviveNumber,
  scope: reviveScope,
  warnings: (json) => parseAll(json, reviveText),
  provenance: reviveProvenance,
}

function reviveTraceId(json: unknown): TraceId | undefined {
  return typeof json === 'string' ? parseTraceId(json) : undefined
}

function reviveSpanId(json: unknown): SpanId | undefined {
  return typeof json === 'string' ? parseSpanId(json) : undefined
}

export function reviveText(json: unknown): string | undefined {
  return typeof json === 'string' ? json : undefined
}

function reviveNumber(json: unknown): number | undefined {
  return typeof json === 'number' && Number.isSafeInteger(json) ? json : undefined
}

function reviveFlag(json: unknown): boolean | undefined {
  return typeof json === 'boolean' ? json : undefined
}

function reviveSpanKind(json: unknown): SpanKind | undefined {
  return oneOf(KINDS, json)
}

function reviveEndpoint(json: unknown): Endpoint | undefined {
  const record = readRecord(json)
  return (
    record &&
    present<Endpoint>({
      service: reviveText(record['service']),
      ipv4: reviveText(record['ipv4']),
      ipv6: reviveText(record['ipv6']),
      port: reviveNumber(record['port']),
    })
  )
}

function reviveEvent(json: unknown): SpanEvent | undefined {
  const record = readRecord(json)
  const timeUs = reviveNumber(record?.['timeUs'])
  const fields = parseAttributes(record?.['fields'])
  if (record === undefined || timeUs === undefined || fields === undefined) return undefined
  const name = reviveText(record['name'])
  return present<SpanEvent>({ timeUs, timeNs: reviveNumber(record['timeNs']), name, fields })
}

function reviveLink(json: unknown): SpanLink | undefined {
  const record: Json = readRecord(json) ?? {}
  const traceId = reviveTraceId(record['traceId'])
  const spanId = reviveSpanId(record['spanId'])
  const kind = oneOf(LINK_KINDS, record['kind'])
  const attributes = parseAttributes(record['attributes'])
  if (!traceId || !spanId || !kind || !attributes) return undefined
  const tracestate = reviveText(record['tracestate'])
  return present<SpanLink>({ traceId, spanId, kind, tracestate, attributes })
}

function reviveStatus(json: unknown): SpanStatus | undefined {
  const record = readRecord(json)
  const code = oneOf(STATUS_CODES, record?.['code'])
  return code && present<SpanStatus>({ code, message: reviveText(record?.['message']) })
}

function reviveScope(json: unknown): Scope | undefined {
  const record = readRecord(json)
  const attributes = parseAttributes(record?.['attributes'])
  if (record === undefined || attributes === undefined) return undefined
  const version = reviveText(record['version'])
  return present<Scope>({ name: reviveText(record['name']), version, attributes })
}

const FORMATS = {
  'zipkin-v2': 1,
  'jaeger-es': 1,
  'jaeger-ui': 1,
  'jaeger-thrift': 1,
  otlp: 1,
} as const

/** Without originals: those of a span are never themselves repaired. */
function reviveProvenance(json: unknown): Span['provenance'] | undefined {
  const record = readRecord(json)
  const stores = parseAll(record?.['stores'], reviveText)
  const repairs = parseAll(record?.['repairs'], reviveText)
  const format = oneOf(FORMATS, record?.['format'])
  return stores && repairs && format && { stores, format, repairs }
}

function oneOf<K extends string>(known: Readonly<Record<K, 1>>, json: unknown): K | undefined {
  return typeof json === 'string' && Object.hasOwn(known, json) ? (json as K) : undefined
}
