import { NO_VENDOR, bareContext, bareSeed } from './bare.ts'
import { decodeBase64, encodeBase64, isBase64 } from './base64.ts'
import { CARRIES } from './carries.ts'
import { ABSENT, isContext, type HeaderCodec, type ReadResult } from './codec.ts'
import { cutCorrelation, readCorrelation, writtenCorrelation } from './correlation.ts'
import { firstValue, trimSpaces, type TraceFields } from './fields.ts'
import {
  ofSpan,
  spanIdOfText,
  textOfSpan,
  textOfTraceId,
  traceIdOfText,
  withTexts,
} from './raw-id.ts'
import type {
  Aspect,
  HeaderField,
  Rejection,
  RejectReason,
  TraceContext,
  TraceSeed,
} from './model.ts'

const HEADER = 'sw8'
const EXTENSION = 'sw8-x'
const CORRELATION = 'sw8-correlation'
const FORMAT = 'sw8'

/** Names in `vendor`: the parent's segment and index, of one span; who it is; and the extension. */
const SEGMENT = 'sw8.segment'
const CALLER = 'sw8.caller'
const MODES = 'sw8.x'

const FIELDS = 8
/** The protocol's limit, in bytes. */
const MAX_CHARS = 2_047
const INDEX = /^[0-9]{1,9}$/
const EXTENSION_TEXT = /^[!-+\--~]{1,128}$/
/** Service, instance, endpoint and peer of a caller that has none: the fields must be there. */
const NOBODY = ['unknown', 'unknown', '/', '-'].map(encodeBase64).join('-')

/**
 * `sw8: {0|1}-{trace}-{segment}-{span}-{service}-{instance}-{endpoint}-{peer}`, texts in base64,
 * `sw8-x` and `sw8-correlation` (skywalking.apache.org, Cross Process Propagation Headers v3). Ids
 * are free texts: see raw-id.ts. The span is segment and index together.
 */
export const skyWalking: HeaderCodec = {
  format: FORMAT,
  headerNames: [HEADER, EXTENSION, CORRELATION],
  carries: CARRIES.sw8,
  cuts: cutOf,
  read(fields) {
    const rejected: Rejection[] = []
    const reject = (header: string, reason: RejectReason): void => {
      rejected.push({ format: FORMAT, header, reason })
    }
    const baggage = readCorrelation(fields.all(CORRELATION), () => {
      reject(CORRELATION, 'malformed')
    })
    const value = firstValue(fields, HEADER) ?? ''
    // SkyWalking's Java agent sends an empty field for what it does not trace.
    const parsed = value === '' ? undefined : parse(value)
    if (typeof parsed === 'object') {
      return { context: { ...withModes(parsed, fields), baggage }, rejected }
    }
    if (parsed !== undefined) reject(HEADER, parsed)
    return withoutIds(baggage, rejected)
  },
  write(context, _options, out) {
    if (isContext(context)) writeContext(context, out)
    const correlation = writtenCorrelation(context.baggage)
    if (correlation.length > 0) out.push([CORRELATION, correlation.join(',')])
  },
}

function withoutIds(baggage: TraceSeed['baggage'], rejected: readonly Rejection[]): ReadResult {
  if (baggage.length > 0) return { seed: { ...bareSeed('defer', FORMAT), baggage }, rejected }
  return rejected.length === 0 ? ABSENT : { rejected }
}

function parse(value: string): TraceContext | RejectReason {
  if (value.length > MAX_CHARS) return 'too-long'
  const fields = value.split('-')
  const [sample = '', trace = '', segment = '', index = ''] = fields
  const caller = fields.slice(4)
  const isWhole = fields.length === FIELDS && caller.every(isBase64)
  if (!isWhole || !INDEX.test(index) || (sample !== '0' && sample !== '1')) return 'malformed'
  const traceText = decodeBase64(trace) ?? ''
  const segmentText = decodeBase64(segment) ?? ''
  const ids = traceText === '' ? undefined : traceIdOfText(traceText)
  if (ids === undefined || segmentText === '') return 'malformed'
  // What we write for a span that is no segment of SkyWalking's comes back as it was.
  const text = Number(index) === 0 ? segmentText : `${segmentText}-${Number(index)}`
  const spanId = spanIdOfText(text, ids.traceId)
  if (spanId === undefined) return 'zero-id'
  const context = bareContext(ids, spanId, 'unknown', sample === '1' ? 'accept' : 'deny', FORMAT)
  const vendor = {
    ...(text === spanId ? {} : { [SEGMENT]: ofSpan(spanId, `${segment}-${Number(index)}`) }),
    ...(caller.join('-') === NOBODY ? {} : { [CALLER]: caller.join('-') }),
  }
  return withTexts(context, ids, vendor)
}

function withModes(context: TraceContext, fields: TraceFields): TraceContext {
  const text = trimSpaces(fields.first(EXTENSION) ?? '')
  const vendor = EXTENSION_TEXT.test(text) ? { ...context.vendor, [MODES]: text } : context.vendor
  return { ...context, vendor: Object.keys(vendor).length === 0 ? NO_VENDOR : vendor }
}

/** The fields that a caller's are taken from, if they are such fields. */
function callerOf({ vendor }: TraceContext): string | undefined {
  const caller = vendor[CALLER]
  const parts = caller?.split('-') ?? []
  return parts.length === 4 && parts.every(isBase64) ? caller : undefined
}

/** Segment and index of this very span; a span made since has none, and stands for itself. */
function segmentOf(context: TraceContext): string | undefined {
  const kept = textOfSpan(context, SEGMENT)
  if (kept?.isOwn !== true) return undefined
  const [segment = '', index = '', ...more] = kept.text.split('-')
  const isSegment = isBase64(segment) && INDEX.test(index) && more.length === 0
  return isSegment ? kept.text : undefined
}

/** Where all of it is too long for the protocol, the caller goes first, then the texts of the ids. */
function formatSw8(context: TraceContext): string {
  const sample = context.sampling === 'accept' || context.sampling === 'debug' ? '1' : '0'
  const bare = `${encodeBase64(context.spanId)}-0`
  const ids = `${encodeBase64(textOfTraceId(context))}-${segmentOf(context) ?? bare}`
  const values = [
    `${sample}-${ids}-${callerOf(context) ?? NOBODY}`,
    `${sample}-${ids}-${NOBODY}`,
    `${sample}-${encodeBase64(context.traceId)}-${bare}-${NOBODY}`,
  ]
  return values.find(({ length }) => length <= MAX_CHARS) ?? ''
}

function writeContext(context: TraceContext, out: HeaderField[]): void {
  out.push([HEADER, formatSw8(context)])
  const modes = context.vendor[MODES]
  if (modes !== undefined && EXTENSION_TEXT.test(modes)) out.push([EXTENSION, modes])
}

function cutOf(value: TraceContext | TraceSeed): readonly Aspect[] {
  const cut = cutCorrelation(value.baggage)
  if (!isContext(value) || (value.rawTraceId === undefined && value.vendor === NO_VENDOR))
    return cut
  const written = formatSw8(value)
  const caller = value.vendor[CALLER]
  const segment = textOfSpan(value, SEGMENT)
  const isCut =
    (caller !== undefined && !written.endsWith(`-${caller}`)) ||
    (segment?.isOwn === true && !written.includes(`-${segment.text}-`)) ||
    !EXTENSION_TEXT.test(value.vendor[MODES] ?? '-')
  const isRawCut = !written.slice(2).startsWith(`${encodeBase64(textOfTraceId(value))}-`)
  return [
    ...cut,
    ...(isCut ? (['skywalking-fields'] as const) : []),
    ...(isRawCut ? (['raw-trace-id'] as const) : []),
  ]
}
