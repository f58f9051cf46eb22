import { writtenBaggage } from './baggage.ts'
import { isContext } from './codec.ts'
import { hasHighHalf } from './ids.ts'
import { JAEGER_DEBUG_ID, writtenJaegerBaggage } from './jaeger.ts'
import type { Aspect, HeaderFormat, Loss, TraceContext, TraceSeed } from './model.ts'
import { writtenTracestate } from './stash.ts'

/**
 * How a format carries an aspect. `stashed`: in tracestate, so it comes back through whoever
 * passes that on. `full-width`: unless the peer takes 64-bit ids only. `decided`: once somebody
 * has decided about sampling.
 */
export type Carry = 'kept' | 'stashed' | 'full-width' | 'decided' | 'lost'

const B3: Readonly<Record<Aspect, Carry>> = {
  'trace-id-high': 'full-width',
  'trace-id-width': 'full-width',
  parent: 'kept',
  defer: 'kept',
  debug: 'kept',
  firehose: 'lost',
  random: 'lost',
  tracestate: 'lost',
  baggage: 'lost',
  'baggage-properties': 'lost',
  'seed-decision': 'kept',
  'seed-debug': 'kept',
  'debug-id': 'lost',
}

/** The matrix of docs/trace-headers.md; its test checks both against what the codecs do. */
export const CARRIES: Readonly<Record<HeaderFormat, Readonly<Record<Aspect, Carry>>>> = {
  w3c: {
    'trace-id-high': 'kept',
    'trace-id-width': 'stashed',
    parent: 'stashed',
    defer: 'stashed',
    debug: 'stashed',
    firehose: 'stashed',
    random: 'kept',
    tracestate: 'kept',
    baggage: 'kept',
    'baggage-properties': 'kept',
    'seed-decision': 'lost',
    'seed-debug': 'lost',
    'debug-id': 'lost',
  },
  'b3-single': { ...B3, parent: 'decided' },
  b3: B3,
  jaeger: {
    ...B3,
    defer: 'lost',
    firehose: 'kept',
    baggage: 'kept',
    'seed-decision': 'lost',
    'debug-id': 'kept',
  },
}

/**
 * What of a context none of the formats written says, each once. Empty in the usual case; the
 * cost is a look at each field that is set.
 */
export function lossesOf(
  context: TraceContext | TraceSeed,
  sends: readonly HeaderFormat[],
  traceIdBits: 64 | 128,
): readonly Loss[] {
  const carries = (aspect: Aspect): boolean =>
    sends.some((format) => holds(CARRIES[format][aspect], context, traceIdBits))
  const losses: Loss[] = aspectsOf(context)
    .filter((aspect) => !carries(aspect))
    .map((what) => ({ what, why: `${sends.join(', ')} cannot say it` }))
  return [...losses, ...cutOff(context, sends)]
}

function holds(carry: Carry, context: TraceContext | TraceSeed, traceIdBits: 64 | 128): boolean {
  switch (carry) {
    case 'kept':
    case 'stashed':
      return true
    case 'full-width':
      return traceIdBits === 128
    case 'decided':
      return context.sampling !== 'defer'
    case 'lost':
      return false
  }
}

/** What there is to lose. */
function aspectsOf(context: TraceContext | TraceSeed): readonly Aspect[] {
  const own = isContext(context) ? ofContext(context) : ofSeed(context)
  const baggage: readonly (Aspect | false)[] = [
    context.baggage.length > 0 && 'baggage',
    context.baggage.some(({ properties }) => properties.length > 0) && 'baggage-properties',
  ]
  return [...own, ...baggage].filter((aspect) => aspect !== false)
}

function ofContext(context: TraceContext): readonly (Aspect | false)[] {
  const high = hasHighHalf(context.traceId)
  return [
    high && 'trace-id-high',
    !high && context.traceIdWidth === 128 && 'trace-id-width',
    context.parent !== 'root' && context.parent !== 'unknown' && 'parent',
    context.sampling === 'defer' && 'defer',
    context.sampling === 'debug' && 'debug',
    context.firehose && 'firehose',
    context.random === true && 'random',
    context.tracestate.length > 0 && 'tracestate',
  ]
}

function ofSeed(seed: TraceSeed): readonly (Aspect | false)[] {
  return [
    (seed.sampling === 'accept' || seed.sampling === 'deny') && 'seed-decision',
    seed.sampling === 'debug' && 'seed-debug',
    JAEGER_DEBUG_ID in seed.vendor && 'debug-id',
  ]
}

/** What the formats do carry, but not all of it: limits, and keys that differ in case only. */
function cutOff(
  context: TraceContext | TraceSeed,
  sends: readonly HeaderFormat[],
): readonly Loss[] {
  const losses: Loss[] = []
  const { length } = context.baggage
  if (length > 0 && sends.some((format) => CARRIES[format].baggage === 'kept')) {
    const whole =
      (sends.includes('w3c') && writtenBaggage(context.baggage).length === length) ||
      (sends.includes('jaeger') && isWholeInJaeger(context))
    if (!whole) losses.push({ what: 'baggage', why: 'limits, or keys that differ in case only' })
  }
  if (isContext(context) && sends.includes('w3c')) {
    const written = new Set(writtenTracestate(context).map(({ key }) => key))
    if (!context.tracestate.every(({ key }) => written.has(key))) {
      losses.push({ what: 'tracestate', why: 'limits' })
    }
  }
  return losses
}

/** Upper case in a key does not survive a field name. */
function isWholeInJaeger({ baggage }: TraceContext | TraceSeed): boolean {
  return (
    baggage.every(({ key }) => key === key.toLowerCase()) &&
    writtenJaegerBaggage(baggage).length === baggage.length
  )
}
