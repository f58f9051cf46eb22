import { writtenBaggage } from './baggage.ts'
import { CARRIES } from './carries.ts'
import { isContext } from './codec.ts'
import { fitsDatadogMember, hasDatadogFields } from './datadog-fields.ts'
import { hasDatadogId, isWholeInDatadog } from './datadog.ts'
import { isWholeInFields } from './field-baggage.ts'
import type { HeaderFormat, Loss, TraceContext, TraceSeed, TracestateMember } from './model.ts'
import { writtenTracestate } from './stash.ts'
import { hasXrayFields, isXrayMember } from './xray-fields.ts'

/** What the formats do carry, but not all of it: limits, and keys that differ in case only. */
export function cutOff(
  context: TraceContext | TraceSeed,
  sends: readonly HeaderFormat[],
): readonly Loss[] {
  const cut: readonly (Loss | false)[] = [
    isBaggageCut(context, sends) && {
      what: 'baggage',
      why: 'limits, or keys that differ in case only',
    },
    ...(isContext(context) ? cutOffContext(context, sends) : []),
  ]
  return cut.filter((loss) => loss !== false)
}

function isBaggageCut(context: TraceContext | TraceSeed, sends: readonly HeaderFormat[]): boolean {
  const { length } = context.baggage
  if (length === 0 || !sends.some((format) => CARRIES[format].baggage === 'kept')) return false
  const isWhole =
    (sends.includes('w3c') && writtenBaggage(context.baggage).length === length) ||
    ((sends.includes('jaeger') || sends.includes('ot')) && isWholeInFields(context.baggage))
  return !isWhole
}

function cutOffContext(
  context: TraceContext,
  sends: readonly HeaderFormat[],
): readonly (Loss | false)[] {
  const written = sends.includes('w3c') ? writtenTracestate(context) : undefined
  const keys = new Set(written?.map(({ key }) => key))
  const isStateCut = written !== undefined && !context.tracestate.every(({ key }) => keys.has(key))
  return [
    isStateCut && { what: 'tracestate', why: 'limits' },
    sends.every((format) => format === 'datadog') &&
      !hasDatadogId(context) && {
        what: 'trace-id-high',
        why: 'Datadog has no id for a right half of zeros, so nothing is sent',
      },
    isXrayCut(context, sends, written) && {
      what: 'xray-fields',
      why: 'limits, or characters that tracestate has no room for',
    },
    isDatadogCut(context, sends, written) && {
      what: 'datadog-fields',
      why: 'limits, or characters that their place cannot hold',
    },
  ]
}

function isXrayCut(
  context: TraceContext,
  sends: readonly HeaderFormat[],
  tracestate: readonly TracestateMember[] | undefined,
): boolean {
  if (!hasXrayFields(context.vendor) || tracestate === undefined) return false
  return !sends.includes('xray') && !tracestate.some(isXrayMember)
}

function isDatadogCut(
  context: TraceContext,
  sends: readonly HeaderFormat[],
  tracestate: readonly TracestateMember[] | undefined,
): boolean {
  if (!hasDatadogFields(context.vendor)) return false
  const isSent = sends.includes('datadog')
  if (!isSent && tracestate === undefined) return false
  const isWhole =
    (isSent && isWholeInDatadog(context)) ||
    (tracestate !== undefined && fitsDatadogMember(tracestate, context))
  return !isWhole
}
