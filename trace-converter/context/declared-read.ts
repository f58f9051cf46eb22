import { bareContext, bareSeed, NO_VENDOR } from './bare.ts'
import { isContext, NO_REJECTIONS, type ReadResult } from './codec.ts'
import {
  DECLARED_FIELDS,
  headerOf,
  type DeclaredField,
  type DeclaredTexts,
  type FormatDeclaration,
  type IdEncoding,
} from './declaration.ts'
import { readDeclaredSpanId, readDeclaredTraceId } from './declared-id.ts'
import { firstValue, type TraceFields } from './fields.ts'
import type { RejectReason, Sampling, TraceContext, TraceSeed } from './model.ts'
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

/** What was found, or which field does not read and why. */
export function readTexts(
  texts: DeclaredTexts,
  declaration: FormatDeclaration,
  lenient: boolean,
): ReadResult {
  const found = valueOf(texts, declaration, lenient)
  if (!('reason' in found)) {
    const rejected = NO_REJECTIONS
    return isContext(found) ? { context: found, rejected } : { seed: found, rejected }
  }
  const { field, reason } = found
  const header = headerOf(declaration, field)?.toLowerCase() ?? ''
  return { rejected: [{ format: declaration.name, header, reason, field }] }
}

interface BadField {
  readonly field: DeclaredField
  readonly reason: RejectReason
}

function valueOf(
  texts: DeclaredTexts,
  declaration: FormatDeclaration,
  lenient: boolean,
): TraceContext | TraceSeed | BadField {
  const { name, spanId } = declaration
  const sampling = readDecision(texts.sampled, declaration)
  // As in B3: a denial that was garbled must not become a sampled trace.
  if (sampling === undefined) return { field: 'sampled', reason: 'malformed' }
  if (texts.traceId === undefined) {
    const isBare = texts.spanId === undefined && texts.parentId === undefined
    if (isBare && !('separator' in declaration.headers)) return bareSeed(sampling, name)
    return { field: 'traceId', reason: 'incomplete' }
  }
  const ids = readDeclaredTraceId(texts.traceId, declaration, lenient)
  if (typeof ids === 'string') return { field: 'traceId', reason: ids }
  if (spanId === undefined) return { ...bareSeed(sampling, name), trace: ids }
  return withSpan(texts, ids, sampling, declaration, lenient)
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

function withSpan(
  texts: DeclaredTexts,
  ids: TextTraceIds,
  sampling: Sampling,
  declaration: FormatDeclaration,
  lenient: boolean,
): TraceContext | BadField {
  const { name, spanId: spans } = declaration
  const encoding = spans?.encoding ?? 'hex'
  if (texts.spanId === undefined) return { field: 'spanId', reason: 'incomplete' }
  const span = readDeclaredSpanId(texts.spanId, encoding, ids.traceId, lenient)
  if (typeof span === 'string') return { field: 'spanId', reason: span }
  const parent = readParent(texts.parentId, encoding, ids, declaration, lenient)
  if ('reason' in parent) return parent
  const { spanId } = span
  const vendor = encoding === 'text' ? vendorOf(texts, name, spanId, parent.spanId) : NO_VENDOR
  return withTexts(bareContext(ids, spanId, parent.spanId, sampling, name), ids, vendor)
}

/** Where there is a place for a parent and it is empty, there is none. */
function readParent(
  text: string | undefined,
  encoding: IdEncoding,
  { traceId }: TextTraceIds,
  declaration: FormatDeclaration,
  lenient: boolean,
): { readonly spanId: TraceContext['parent'] } | BadField {
  if (text === undefined) {
    return { spanId: headerOf(declaration, 'parentId') === undefined ? 'unknown' : 'root' }
  }
  const parent = readDeclaredSpanId(text, encoding, traceId, lenient)
  return typeof parent === 'string' ? { field: 'parentId', reason: parent } : parent
}

/** The texts that the ids do not bring back. */
function vendorOf(
  { spanId, parentId }: DeclaredTexts,
  name: string,
  id: Parameters<typeof ofSpan>[0],
  parent: string | undefined,
): TraceContext['vendor'] {
  if (spanId === id && (parentId === undefined || parentId === parent)) return NO_VENDOR
  return {
    ...(spanId === undefined || spanId === id ? {} : { [`${name}.span`]: ofSpan(id, spanId) }),
    ...(parentId === undefined || parentId === parent
      ? {}
      : { [`${name}.parent`]: ofSpan(id, parentId) }),
  }
}
