import { CARRIES, type Carry } from './carries.ts'
import { isContext } from './codec.ts'
import { cutOff } from './cut-off.ts'
import { hasDatadogFields, hasForeignMember } from './datadog-fields.ts'
import { hasHighHalf } from './ids.ts'
import { hasXrayFields } from './xray-fields.ts'
import { JAEGER_DEBUG_ID } from './jaeger.ts'
import type { Aspect, HeaderFormat, Loss, TraceContext, TraceSeed } from './model.ts'

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
    hasForeignMember(context) && 'tracestate',
    hasDatadogFields(context.vendor) && 'datadog-fields',
    hasXrayFields(context.vendor) && 'xray-fields',
  ]
}

function ofSeed(seed: TraceSeed): readonly (Aspect | false)[] {
  return [
    (seed.sampling === 'accept' || seed.sampling === 'deny') && 'seed-decision',
    seed.sampling === 'debug' && 'seed-debug',
    JAEGER_DEBUG_ID in seed.vendor && 'debug-id',
  ]
}
