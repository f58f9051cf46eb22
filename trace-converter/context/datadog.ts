import { ABSENT, isContext, type HeaderCodec, type ReadResult } from './codec.ts'
import {
  DATADOG_ORIGIN,
  DATADOG_TAGS,
  finerPriority,
  parsePriority,
  samplingOf,
  writtenPriority,
} from './datadog-fields.ts'
import { formatDatadogTags, parseDatadogTags } from './datadog-tags.ts'
import { firstValue, trimSpaces, type TraceFields } from './fields.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type {
  ContextTraceId,
  HeaderField,
  Rejection,
  RejectReason,
  Sampling,
  TraceContext,
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
  read(fields) {
    if (!NAMES.some((name) => fields.has(name))) return ABSENT
    const rejected: Rejection[] = []
    const reject: Reject = (header, reason) => {
      rejected.push({ format: 'datadog', header, reason })
    }
    const trace = readId(fields, TRACE_ID, reject)
    const span = trace === undefined ? undefined : readId(fields, SPAN_ID, reject)
    return { ...readContext(fields, trace, span, reject), rejected }
  },
  write(context) {
    return isContext(context) ? writeContext(context) : []
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
): Pick<ReadResult, 'context'> {
  if (low === undefined || span === undefined) return {}
  const { highHalf = '', text } = readTags(fields, reject)
  const traceId = parseContextTraceId(highHalf + low)
  const spanId = parseContextSpanId(span)
  if (traceId === undefined || spanId === undefined) return {}
  const { sampling, ...finer } = readPriority(fields, reject)
  const origin = readOrigin(fields, reject)
  const context: TraceContext = {
    traceId,
    traceIdWidth: hasHighHalf(traceId) ? 128 : 64,
    spanId,
    parent: 'unknown',
    sampling,
    firehose: false,
    tracestate: [],
    baggage: [],
    vendor: {
      ...(origin === undefined ? {} : { [DATADOG_ORIGIN]: origin }),
      ...(text === '' ? {} : { [DATADOG_TAGS]: text }),
      ...finer.vendor,
    },
    source: 'datadog',
  }
  return { context }
}

function readTags(
  fields: TraceFields,
  reject: Reject,
): { readonly highHalf?: string; readonly text: string } {
  const line = (fields.get(TAGS) ?? []).map(trimSpaces).join(',')
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
    return { sampling: 'defer', vendor: {} }
  }
  const sampling = samplingOf(priority)
  return { sampling, vendor: finerPriority(priority, sampling) }
}

function readOrigin(fields: TraceFields, reject: Reject): string | undefined {
  const [line] = fields.get(ORIGIN) ?? []
  if (line === undefined) return undefined
  const origin = trimSpaces(line)
  if (ORIGIN_TEXT.test(origin)) return origin
  reject(ORIGIN, 'malformed')
  return undefined
}

/** No decimal is valid for a trace id whose right half is zero. */
export function hasDatadogId({ traceId }: TraceContext): boolean {
  return lowHalf(traceId) !== 0n
}

function lowHalf(traceId: ContextTraceId): bigint {
  return BigInt(`0x${traceId.slice(16)}`)
}

function highHalf(traceId: ContextTraceId): string | undefined {
  return hasHighHalf(traceId) ? traceId.slice(0, 16) : undefined
}

/** Whether all of the fields that only Datadog has can be written. */
export function isWholeInDatadog({ vendor, traceId }: TraceContext): boolean {
  const origin = vendor[DATADOG_ORIGIN]
  const tags = vendor[DATADOG_TAGS] ?? ''
  const isOriginWhole = origin === undefined || ORIGIN_TEXT.test(origin)
  return isOriginWhole && formatDatadogTags(highHalf(traceId), tags).endsWith(tags)
}

function writeContext(context: TraceContext): readonly HeaderField[] {
  if (!hasDatadogId(context)) return []
  const { vendor, traceId } = context
  const priority = writtenPriority(context)
  const origin = vendor[DATADOG_ORIGIN]
  const tags = formatDatadogTags(highHalf(traceId), vendor[DATADOG_TAGS] ?? '')
  return [
    [TRACE_ID, String(lowHalf(traceId))],
    [SPAN_ID, String(BigInt(`0x${context.spanId}`))],
    ...(priority === undefined ? [] : [[PRIORITY, priority] as const]),
    ...(origin === undefined || !ORIGIN_TEXT.test(origin) ? [] : [[ORIGIN, origin] as const]),
    ...(tags === '' ? [] : [[TAGS, tags] as const]),
  ]
}
