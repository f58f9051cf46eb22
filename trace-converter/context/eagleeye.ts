import { bareContext, bareSeed, NO_VENDOR } from './bare.ts'
import { CARRIES } from './carries.ts'
import {
  ABSENT,
  isContext,
  NO_REJECTIONS,
  refuse,
  type HeaderCodec,
  type ReadResult,
} from './codec.ts'
import { firstValue, trimSpaces, type TraceFields } from './fields.ts'
import { parseContextSpanId } from './ids.ts'
import type {
  Aspect,
  ContextSpanId,
  ContextTraceId,
  HeaderField,
  Rejection,
  Sampling,
  TraceContext,
  TraceSeed,
} from './model.ts'
import {
  ofSpan,
  spanIdOfText,
  textOfSpan,
  textOfTraceId,
  traceIdOfText,
  withTexts,
} from './raw-id.ts'
import { cutUserData, readUserData, writtenUserData } from './user-data.ts'

const TRACE_ID = 'eagleeye-traceid'
const RPC_ID = 'eagleeye-rpcid'
const SPAN_ID = 'eagleeye-spanid'
const PARENT_ID = 'eagleeye-pspanid'
const SAMPLED = 'eagleeye-sampled'
const APP = 'eagleeye-pappname'
const RPC = 'eagleeye-prpc'
const USER_DATA = 'eagleeye-userdata'
const FORMAT = 'eagleeye'

/** Name in `vendor` of the place in the tree of calls, of one span. */
const PLACE = 'eagleeye.rpc-id'
/** Fields that describe the caller, verbatim, by their names in `vendor`. */
const CALLER = [
  ['eagleeye.app', APP],
  ['eagleeye.rpc', RPC],
] as const

/** 32 hex digits, the 30 of older ones, a UUID: whatever they are, a word. */
const TRACE_TEXT = /^[0-9A-Za-z_.-]{1,128}$/
const PLACE_TEXT = /^[0-9]{1,9}(?:\.[0-9]{1,9}){0,30}$/
const LONG = /^-?[0-9]{1,19}$/
const CALLER_TEXT = /^[!-+\--~](?:[ -+\--~]{0,254}[!-+\--~])?$/
const WRITTEN = { defer: undefined, deny: '0', accept: '1', debug: '1' } as const satisfies Record<
  Sampling,
  string | undefined
>

/**
 * `EagleEye-TraceID`, `-RpcID` (`0.1.2`), `-SpanID` and `-pSpanID` (signed 64 bits in decimal),
 * `-Sampled`, `-pAppName`, `-pRpc`, `-UserData` (Alibaba Cloud, ARMS, supported tracing protocols).
 * Without a span id the place in the tree, which is unique in its trace, is hashed to one.
 */
export const eagleEye: HeaderCodec = {
  format: FORMAT,
  headerNames: [TRACE_ID, RPC_ID, SPAN_ID, PARENT_ID, SAMPLED, APP, RPC, USER_DATA],
  carries: CARRIES.eagleeye,
  cuts: cutOf,
  read(fields) {
    const rejected: Rejection[] = []
    const baggage = readUserData(fields.first(USER_DATA), () => {
      rejected.push({ format: FORMAT, header: USER_DATA, reason: 'malformed' })
    })
    const said = readTrace(fields)
    const all = [...rejected, ...said.rejected]
    if (said.context !== undefined) return { context: { ...said.context, baggage }, rejected: all }
    if (said.seed === undefined && baggage.length === 0) {
      return all.length === 0 ? ABSENT : { rejected: all }
    }
    return { seed: { ...(said.seed ?? bareSeed('defer', FORMAT)), baggage }, rejected: all }
  },
  write(context, _options, out) {
    if (isContext(context)) writeIds(context, out)
    const decision = WRITTEN[context.sampling]
    if (decision !== undefined) out.push([SAMPLED, decision])
    const data = writtenUserData(context.baggage)
    if (data.length > 0) out.push([USER_DATA, data.join('&')])
  },
}

function readTrace(fields: TraceFields): ReadResult {
  const sampled = firstValue(fields, SAMPLED)
  const sampling = readDecision(sampled)
  // As in B3: a denial that was garbled must not become a sampled trace.
  if (sampling === undefined) return refuse(FORMAT, SAMPLED, 'malformed')
  const trace = firstValue(fields, TRACE_ID) ?? ''
  if (trace === '') {
    if (fields.has(SPAN_ID) || fields.has(RPC_ID)) return refuse(FORMAT, TRACE_ID, 'incomplete')
    return sampled === undefined
      ? ABSENT
      : { seed: bareSeed(sampling, FORMAT), rejected: NO_REJECTIONS }
  }
  const ids = TRACE_TEXT.test(trace) ? traceIdOfText(trace) : undefined
  if (ids === undefined)
    return refuse(FORMAT, TRACE_ID, trace.length > 128 ? 'too-long' : 'malformed')
  const place = firstValue(fields, RPC_ID)
  if (place !== undefined && !PLACE_TEXT.test(place)) return refuse(FORMAT, RPC_ID, 'malformed')
  const span = readSpan(fields, ids.traceId, place)
  if (span === undefined)
    return refuse(FORMAT, SPAN_ID, fields.has(SPAN_ID) ? 'malformed' : 'incomplete')
  const parent = readLong(firstValue(fields, PARENT_ID)) ?? 'unknown'
  const bare = bareContext(ids, span, parent, sampling, FORMAT)
  const context = withTexts(bare, ids, readVendor(fields, span, place))
  return { context, rejected: NO_REJECTIONS }
}

function readDecision(text: string | undefined): Sampling | undefined {
  if (text === undefined || text === '') return 'defer'
  if (text === '1') return 'accept'
  return text === '0' ? 'deny' : undefined
}

function readSpan(
  fields: TraceFields,
  traceId: ContextTraceId,
  place: string | undefined,
): ContextSpanId | undefined {
  const span = firstValue(fields, SPAN_ID)
  if (span !== undefined) return readLong(span)
  return place === undefined ? undefined : spanIdOfText(place, traceId)
}

/** A signed 64-bit number in hex; undefined when it is none, or zero. */
function readLong(text: string | undefined): ContextSpanId | undefined {
  if (text === undefined || !LONG.test(text)) return undefined
  const bits = BigInt(text)
  return BigInt.asIntN(64, bits) === bits
    ? parseContextSpanId(BigInt.asUintN(64, bits).toString(16))
    : undefined
}

function readVendor(
  fields: TraceFields,
  span: ContextSpanId,
  place: string | undefined,
): TraceContext['vendor'] {
  const found = CALLER.map(
    ([name, header]) => [name, trimSpaces(fields.first(header) ?? '')] as const,
  )
  const caller = found.filter(([, text]) => CALLER_TEXT.test(text))
  if (caller.length === 0 && (place === undefined || place === '0')) return NO_VENDOR
  return {
    ...(place === undefined || place === '0' ? {} : { [PLACE]: ofSpan(span, place) }),
    ...Object.fromEntries(caller),
  }
}

/** A span made since stands one step below the one whose place is known. */
function placeOf(context: TraceContext): string {
  const known = textOfSpan(context, PLACE)
  if (known === undefined || !PLACE_TEXT.test(known.text)) return '0'
  const below = known.isOwn ? known.text : `${known.text}.1`
  return PLACE_TEXT.test(below) ? below : known.text
}

function traceText(context: TraceContext): string {
  const text = textOfTraceId(context)
  return TRACE_TEXT.test(text) ? text : context.traceId
}

function writeIds(context: TraceContext, out: HeaderField[]): void {
  out.push(
    [TRACE_ID, traceText(context)],
    [RPC_ID, placeOf(context)],
    [SPAN_ID, long(context.spanId)],
  )
  if (context.parent !== 'root' && context.parent !== 'unknown') {
    out.push([PARENT_ID, long(context.parent)])
  }
  for (const [name, header] of CALLER) {
    const text = context.vendor[name]
    if (text !== undefined && CALLER_TEXT.test(text)) out.push([header, text])
  }
}

function long(id: ContextSpanId): string {
  return String(BigInt.asIntN(64, BigInt(`0x${id}`)))
}

function cutOf(value: TraceContext | TraceSeed): readonly Aspect[] {
  const cut = [...cutUserData(value.baggage)]
  if (!isContext(value)) return cut
  const isCallerCut = CALLER.some(([name]) => !CALLER_TEXT.test(value.vendor[name] ?? '-'))
  const place = textOfSpan(value, PLACE)?.text ?? '0'
  if (isCallerCut || !PLACE_TEXT.test(place)) cut.push('eagleeye-fields')
  if ((value.rawTraceId ?? traceText(value)) !== traceText(value)) cut.push('raw-trace-id')
  return cut
}
