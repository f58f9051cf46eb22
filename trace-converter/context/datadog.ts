import { bareContext, NO_VENDOR } from './bare.ts'
import { CARRIES } from './carries.ts'
import { ABSENT, isContext, type HeaderCodec } from './codec.ts'
import {
  DATADOG_ORIGIN,
  DATADOG_TAGS,
  finerPriority,
  hasDatadogFields,
  parsePriority,
  samplingOf,
  writtenPriority,
} from './datadog-fields.ts'
import { formatDatadogTags, parseDatadogTags } from './datadog-tags.ts'
import { firstValue, trimSpaces, type TraceFields } from './fields.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type {
  Aspect,
  ContextTraceId,
  HeaderField,
  Rejection,
  RejectReason,
  Sampling,
  TraceContext,
  TraceSeed,
} from './model.ts'

const TRACE_ID = 'x-datadog-trace-id'
const SPAN_ID = 'x-datadog-parent-id'
const PRIORITY = 'x-datadog-sampling-priority'
const ORIGIN = 'x-datadog-origin'
const TAGS = 'x-datadog-tags'
const NAMES = [TRACE_ID, SPAN_ID, PRIORITY, ORIGIN, TAGS] as const

const DECIMAL = /^[0-9]{1,20}$/
const MAX_ID = 0xffff_ffff_ffff_ffffn
const ORIGIN_TEXT = /^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/

type Reject = (header: string, reason: RejectReason) => void

/**
 * `x-datadog-trace-id` and `-parent-id` (unsigned 64 bits in decimal), `-sampling-priority`,
 * `-origin`, `-tags` (DataDog/dd-trace-js, text_map.js). Baggage travels beside it in other formats.
 */
export const datadog: HeaderCodec = {
  format: 'datadog',
  headerNames: NAMES,
  carries: CARRIES.datadog,
  cuts: cutOfDatadog,
  read(fields) {
    if (!NAMES.some((name) => fields.has(name))) return ABSENT
    const rejected: Rejection[] = []
    const reject: Reject = (header, reason) => {
      rejected.push({ format: 'datadog', header, reason })
    }
    const trace = readId(fields, TRACE_ID, reject)
    const span = trace === undefined ? undefined : readId(fields, SPAN_ID, reject)
    const context = readContext(fields, trace, span, reject)
    return context === undefined ? { rejected } : { context, rejected }
  },
  write(context, _options, out) {
    if (isContext(context)) writeContext(context, out)
  },
}

/** The id in hex. */
function readId(fields: TraceFields, header: string, reject: Reject): string | undefined {
  const text = firstValue(fields, header)
  const id = text !== undefined && DECIMAL.test(text) ? BigInt(text) : undefined
  if (text === undefined) reject(header, 'incomplete')
  else if (id === undefined) reject(header, text.length > 20 ? 'too-long' : 'malformed')
  else if (id === 0n) reject(header, 'zero-id')
  else if (id > MAX_ID) reject(header, 'too-long')
  else return id.toString(16).padStart(16, '0')
  return undefined
}

function readContext(
  fields: TraceFields,
  low: string | undefined,
  span: string | undefined,
  reject: Reject,
): TraceContext | undefined {
  if (low === undefined || span === undefined) return undefined
  const { highHalf = '', text } = readTags(fields, reject)
  const traceId = parseContextTraceId(highHalf + low)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return undefined
  const { sampling, ...finer } = readPriority(fields, reject)
  const origin = readOrigin(fields, reject)
  const traceIds = { traceId, traceIdWidth: hasHighHalf(traceId) ? 128 : 64 } as const
  const bare = bareContext(traceIds, spanId, 'unknown', sampling, 'datadog')
  if (origin === undefined && text === '' && finer.vendor === NO_VENDOR) return bare
  const vendor = {
    ...(origin === undefined ? {} : { [DATADOG_ORIGIN]: origin }),
    ...(text === '' ? {} : { [DATADOG_TAGS]: text }),
    ...finer.vendor,
  }
  return { ...bare, vendor }
}

function readTags(
  fields: TraceFields,
  reject: Reject,
): { readonly highHalf?: string; readonly text: string } {
  if (!fields.has(TAGS)) return { text: '' }
  const line = fields.all(TAGS).map(trimSpaces).join(',')
  const tags = parseDatadogTags(line)
  if (tags === undefined) reject(TAGS, 'too-long')
  else if (tags.malformed > 0) reject(TAGS, 'malformed')
  return tags ?? { text: '' }
}

/** Datadog's tracers take one that is no number for none: the chain goes on undecided. */
function readPriority(
  fields: TraceFields,
  reject: Reject,
): { readonly sampling: Sampling; readonly vendor: TraceContext['vendor'] } {
  const text = firstValue(fields, PRIORITY)
  const priority = text === undefined ? undefined : parsePriority(text)
  if (priority === undefined) {
    if (text !== undefined) reject(PRIORITY, 'malformed')
    return { sampling: 'defer', vendor: NO_VENDOR }
  }
  const sampling = samplingOf(priority)
  return { sampling, vendor: finerPriority(priority, sampling) }
}

function readOrigin(fields: TraceFields, reject: Reject): string | undefined {
  const line = fields.first(ORIGIN)
  if (line === undefined) return undefined
  const origin = trimSpaces(line)
  if (ORIGIN_TEXT.test(origin)) return origin
  reject(ORIGIN, 'malformed')
  return undefined
}

/** No decimal is valid for a trace id whose right half is zero: nothing is written then. */
function hasDatadogId({ traceId }: TraceContext): boolean {
  return !traceId.endsWith('0000000000000000')
}

function highHalf(traceId: ContextTraceId): string | undefined {
  return hasHighHalf(traceId) ? traceId.slice(0, 16) : undefined
}

function cutOfDatadog(context: TraceContext | TraceSeed): readonly Aspect[] {
  if (!isContext(context)) return []
  const cut: Aspect[] = hasDatadogId(context) ? [] : ['trace-id-high']
  if (hasDatadogFields(context.vendor) && !isWhole(context)) cut.push('datadog-fields')
  return cut
}

/** Whether all of the fields that only Datadog has can be written. */
function isWhole({ vendor, traceId }: TraceContext): boolean {
  const origin = vendor[DATADOG_ORIGIN]
  const tags = vendor[DATADOG_TAGS] ?? ''
  const isOriginWhole = origin === undefined || ORIGIN_TEXT.test(origin)
  return isOriginWhole && formatDatadogTags(highHalf(traceId), tags).endsWith(tags)
}

function writeContext(context: TraceContext, out: HeaderField[]): void {
  if (!hasDatadogId(context)) return
  const { vendor, traceId } = context
  out.push([TRACE_ID, decimal(traceId.slice(16))], [SPAN_ID, decimal(context.spanId)])
  const priority = writtenPriority(context)
  if (priority !== undefined) out.push([PRIORITY, priority])
  const origin = vendor[DATADOG_ORIGIN]
  if (origin !== undefined && ORIGIN_TEXT.test(origin)) out.push([ORIGIN, origin])
  const tags = formatDatadogTags(highHalf(traceId), vendor[DATADOG_TAGS] ?? '')
  if (tags !== '') out.push([TAGS, tags])
}

function decimal(hex: string): string {
  return String(BigInt(`0x${hex}`))
}
