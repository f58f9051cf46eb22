import { bareContext, bareSeed, NO_VENDOR } from './bare.ts'
import { CARRIES } from './carries.ts'
import { ABSENT, isContext, type HeaderCodec } from './codec.ts'
import { firstValue, trimSpaces } from './fields.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type { Rejection, RejectReason, Sampling, TraceContext, TraceSeed } from './model.ts'
import { isXrayField, writtenXrayFields, XRAY_ASKS, xrayVendor } from './xray-fields.ts'

const NAME = 'x-amzn-trace-id'
const FORMAT = 'xray'
/** Version, seconds since 1970, 96 bits: together the 128 bits of everybody else. */
const ROOT = /^1-([0-9A-Fa-f]{8})-([0-9A-Fa-f]{24})$/
const PARENT = /^[0-9A-Fa-f]{16}$/
const MAX_CHARS = 2_048

/** `?` asks the receiver to decide, and to say how. */
const STATES: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'deny'],
  ['1', 'accept'],
  ['?', 'defer'],
])

/** There is no word for debug. */
const WRITTEN = {
  defer: undefined,
  deny: '0',
  accept: '1',
  debug: '1',
} as const satisfies Record<Sampling, string | undefined>

/**
 * `X-Amzn-Trace-Id: Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?}` and other fields in
 * any order (docs.aws.amazon.com, X-Ray tracing header). `Root` alone, as a load balancer begins a
 * trace, names no span to join: the trace that begins here takes that id.
 */
export const xray: HeaderCodec = {
  format: FORMAT,
  headerNames: [NAME],
  carries: CARRIES.xray,
  owns: (value) => !isContext(value) && value.trace !== undefined,
  read(fields) {
    const value = firstValue(fields, NAME)
    if (value === undefined) return ABSENT
    const rejected: Rejection[] = []
    const reject = (reason: RejectReason): void => {
      rejected.push({ format: FORMAT, header: NAME, reason })
    }
    const parsed = parse(value, reject)
    if (typeof parsed === 'string') {
      reject(parsed)
      return { rejected }
    }
    return isContext(parsed) ? { context: parsed, rejected } : { seed: parsed, rejected }
  },
  write(context, _options, out) {
    const traceId = isContext(context) ? context.traceId : context.trace?.traceId
    if (traceId === undefined) return
    const { sampling, vendor } = context
    const sampled = WRITTEN[sampling] ?? (XRAY_ASKS in vendor ? '?' : undefined)
    const parts = [
      `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
      ...(isContext(context) ? [`Parent=${context.spanId}`] : []),
      ...(sampled === undefined ? [] : [`Sampled=${sampled}`]),
      ...writtenXrayFields(vendor),
    ]
    out.push([NAME, parts.join(';')])
  },
}

type Found = TraceContext | TraceSeed

function parse(value: string, reject: (reason: RejectReason) => void): Found | RejectReason {
  if (value.length > MAX_CHARS) return 'too-long'
  const said = new Map<string, string>()
  const others: string[] = []
  let malformed = 0
  for (const part of value.split(';').map(trimSpaces)) {
    const [key, text] = cutAt(part)
    if (!isXrayField(part)) malformed += part === '' ? 0 : 1
    else if (key !== 'Root' && key !== 'Parent' && key !== 'Sampled') others.push(part)
    else if (!said.has(key)) said.set(key, text)
  }
  const found = readContext(said, others)
  if (typeof found === 'object' && malformed > 0) reject('malformed')
  return found
}

function cutAt(part: string): readonly [key: string, text: string] {
  const cut = part.indexOf('=')
  return [part.slice(0, Math.max(cut, 0)), part.slice(cut + 1)]
}

function readContext(
  said: ReadonlyMap<string, string>,
  others: readonly string[],
): Found | RejectReason {
  const root = said.get('Root')
  const parent = said.get('Parent')
  const sampled = said.get('Sampled')
  if (root === undefined) return 'malformed'
  const [, seconds = '', rest = ''] = ROOT.exec(root) ?? []
  if (seconds === '') return 'malformed'
  const traceId = parseContextTraceId(seconds + rest)
  const sampling = sampled === undefined ? 'defer' : STATES.get(sampled)
  // A denial that was garbled must not become a sampled trace, nor the reverse: begin anew.
  if (sampling === undefined) return 'malformed'
  if (traceId === undefined) return 'zero-id'
  const ids = { traceId, traceIdWidth: hasHighHalf(traceId) ? 128 : 64 } as const
  const vendor = xrayVendor(others, sampled === '?')
  if (parent === undefined) return { ...bareSeed(sampling, FORMAT), vendor, trace: ids }
  if (!PARENT.test(parent)) return 'malformed'
  const spanId = parseContextSpanId(parent)
  if (spanId === undefined) return 'zero-id'
  const context = bareContext(ids, spanId, 'unknown', sampling, FORMAT)
  return vendor === NO_VENDOR ? context : { ...context, vendor }
}
