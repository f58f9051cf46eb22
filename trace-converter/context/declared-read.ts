import { bareContext, bareSeed, NO_VENDOR } from './bare.ts'
import { NO_REJECTIONS, refuse, type ReadResult } from './codec.ts'
import {
  DECLARED_FIELDS,
  headerOf,
  type DeclaredField,
  type DeclaredTexts,
  type FormatDeclaration,
} from './declaration.ts'
import { readDeclaredSpanId, readDeclaredTraceId } from './declared-id.ts'
import { firstValue, type TraceFields } from './fields.ts'
import type { Sampling, TraceContext } from './model.ts'
import { ofSpan, withTexts, type TextTraceIds } from './raw-id.ts'

/** The fields that hold something; undefined when one header holds more than there are fields. */
export function textsOf(
  fields: TraceFields,
  declaration: FormatDeclaration,
): DeclaredTexts | undefined {
  const { headers } = declaration
  const found: DeclaredTexts = {}
  if ('separator' in headers) {
    const parts = firstValue(fields, headers.name.toLowerCase())?.split(headers.separator) ?? []
    if (parts.length > headers.fields.length) return undefined
    for (const [at, field] of headers.fields.entries()) {
      const text = parts[at] ?? ''
      if (text !== '') found[field] = text
    }
    return found
  }
  for (const field of DECLARED_FIELDS) {
    const name = headers[field]?.toLowerCase()
    const text = name === undefined ? '' : (firstValue(fields, name) ?? '')
    if (text !== '') found[field] = text
  }
  return found
}

export function readTexts(
  texts: DeclaredTexts,
  declaration: FormatDeclaration,
  lenient: boolean,
): ReadResult {
  const { name: format, spanId } = declaration
  const bad = (field: DeclaredField, reason: 'malformed' | 'incomplete'): ReadResult =>
    refuse(format, headerOf(declaration, field)?.toLowerCase() ?? '', reason)
  const sampling = readDecision(texts.sampled, declaration)
  // As in B3: a denial that was garbled must not become a sampled trace.
  if (sampling === undefined) return bad('sampled', 'malformed')
  if (texts.traceId === undefined) {
    const isBare = texts.spanId === undefined && texts.parentId === undefined
    if (!isBare || 'separator' in declaration.headers) return bad('traceId', 'incomplete')
    return { seed: bareSeed(sampling, format), rejected: NO_REJECTIONS }
  }
  const ids = readDeclaredTraceId(texts.traceId, declaration, lenient)
  if (ids === undefined) return bad('traceId', 'malformed')
  if (spanId === undefined) {
    return { seed: { ...bareSeed(sampling, format), trace: ids }, rejected: NO_REJECTIONS }
  }
  if (texts.spanId === undefined) return bad('spanId', 'incomplete')
  const context = withSpan(texts, ids, sampling, declaration, lenient)
  return context === undefined ? bad('spanId', 'malformed') : { context, rejected: NO_REJECTIONS }
}

/** Words have no case. */
function readDecision(
  text: string | undefined,
  { sampled }: FormatDeclaration,
): Sampling | undefined {
  if (text === undefined) return 'defer'
  const word = text.toLowerCase()
  if (word === sampled?.accept.toLowerCase()) return 'accept'
  if (word === sampled?.deny.toLowerCase()) return 'deny'
  return word === sampled?.debug?.toLowerCase() ? 'debug' : undefined
}

/** undefined when span or parent is no id. */
function withSpan(
  texts: DeclaredTexts,
  ids: TextTraceIds,
  sampling: Sampling,
  { name, spanId: spans, headers }: FormatDeclaration,
  lenient: boolean,
): TraceContext | undefined {
  const encoding = spans?.encoding ?? 'hex'
  const read = (text: string) => readDeclaredSpanId(text, encoding, ids.traceId, lenient)
  const spanId = read(texts.spanId ?? '')
  const parent = texts.parentId === undefined ? undefined : read(texts.parentId)
  if (spanId === undefined || (texts.parentId !== undefined && parent === undefined)) {
    return undefined
  }
  const hasParents = 'separator' in headers ? headers.fields.includes('parentId') : headers.parentId
  const none = hasParents === undefined || hasParents === false ? 'unknown' : 'root'
  const vendor = encoding === 'text' ? vendorOf(texts, name, spanId, parent) : NO_VENDOR
  return withTexts(bareContext(ids, spanId, parent ?? none, sampling, name), ids, vendor)
}

/** The texts that the ids do not bring back. */
function vendorOf(
  { spanId, parentId }: DeclaredTexts,
  name: string,
  id: Parameters<typeof ofSpan>[0],
  parent: string | undefined,
): TraceContext['vendor'] {
  if (spanId === id && parentId === parent) return NO_VENDOR
  return {
    ...(spanId === undefined || spanId === id ? {} : { [`${name}.span`]: ofSpan(id, spanId) }),
    ...(parentId === undefined || parentId === parent
      ? {}
      : { [`${name}.parent`]: ofSpan(id, parentId) }),
  }
}
