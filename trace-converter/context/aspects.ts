import { NO_VENDOR } from './bare.ts'
import type { Carries, Carry } from './carries.ts'
import { hasParent, isContext } from './codec.ts'
import { hasForeignMember } from './datadog-fields.ts'
import { hasHighHalf } from './ids.ts'
import { ASPECTS, type Aspect, type TraceContext, type TraceSeed } from './model.ts'

/** A set of aspects, one bit each in the order of ASPECTS: a request has its losses counted cheaply. */
export type AspectBits = number

export const ASPECT_BITS: readonly (readonly [aspect: Aspect, bit: AspectBits])[] = ASPECTS.map(
  (aspect, index) => [aspect, 1 << index],
)
const BITS: ReadonlyMap<Aspect, AspectBits> = new Map(ASPECT_BITS)

function bitOf(aspect: Aspect): AspectBits {
  return BITS.get(aspect) ?? 0
}

export function bitsOf(aspects: readonly Aspect[]): AspectBits {
  let bits = 0
  for (const aspect of aspects) bits |= bitOf(aspect)
  return bits
}

/** The aspects that a format carries in one way. */
export function carriedAs(carries: Carries, ...ways: readonly Carry[]): AspectBits {
  return bitsOf(ASPECTS.filter((aspect) => ways.includes(carries[aspect])))
}

/** Whose fields a name in `vendor` belongs to, by its beginning; else a declared format's. */
const OWNERS: ReadonlyMap<string, Aspect> = new Map([
  ['dd', 'datadog-fields'],
  ['xray', 'xray-fields'],
  ['sw8', 'skywalking-fields'],
  ['eagleeye', 'eagleeye-fields'],
  ['cat', 'cat-fields'],
  ['jaeger', 'debug-id'],
])

export function vendorAspect(name: string): Aspect {
  return OWNERS.get(name.slice(0, name.indexOf('.'))) ?? 'declared-fields'
}

const SPAN = bitOf('span-id')
const HIGH = bitOf('trace-id-high')
const WIDTH = bitOf('trace-id-width')
const RAW = bitOf('raw-trace-id')
const PARENT = bitOf('parent')
const DECISION = bitOf('decision')
const DEFER = bitOf('defer')
const DEBUG = bitOf('debug')
const FIREHOSE = bitOf('firehose')
const RANDOM = bitOf('random')
const TRACESTATE = bitOf('tracestate')
const BAGGAGE = bitOf('baggage')
const PROPERTIES = bitOf('baggage-properties')
const SEED_DECISION = bitOf('seed-decision')
const SEED_DEBUG = bitOf('seed-debug')
const SEED_TRACE = bitOf('seed-trace-id')

/** What there is to lose. */
export function aspectsOf(value: TraceContext | TraceSeed): AspectBits {
  const own = isContext(value) ? ofContext(value) : ofSeed(value)
  return own | ofBaggage(value) | ofVendor(value)
}

function ofContext(context: TraceContext): AspectBits {
  const high = hasHighHalf(context.traceId)
  let bits = SPAN | (high ? HIGH : context.traceIdWidth === 128 ? WIDTH : 0)
  if (context.rawTraceId !== undefined) bits |= RAW
  if (hasParent(context)) bits |= PARENT
  if (context.sampling === 'defer') bits |= DEFER
  else bits |= context.sampling === 'debug' ? DEBUG : DECISION
  if (context.firehose) bits |= FIREHOSE
  if (context.random === true) bits |= RANDOM
  if (context.tracestate.length > 0 && hasForeignMember(context)) bits |= TRACESTATE
  return bits
}

function ofSeed({ sampling, trace }: TraceSeed): AspectBits {
  const bits = trace === undefined ? 0 : SEED_TRACE | (trace.rawTraceId === undefined ? 0 : RAW)
  if (sampling === 'defer') return bits
  return bits | (sampling === 'debug' ? SEED_DEBUG : SEED_DECISION)
}

function ofBaggage({ baggage }: TraceContext | TraceSeed): AspectBits {
  if (baggage.length === 0) return 0
  const hasProperties = baggage.some(({ properties }) => properties.length > 0)
  return hasProperties ? BAGGAGE | PROPERTIES : BAGGAGE
}

function ofVendor({ vendor }: TraceContext | TraceSeed): AspectBits {
  if (vendor === NO_VENDOR) return 0
  return bitsOf(Object.keys(vendor).map(vendorAspect))
}
