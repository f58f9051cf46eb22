import { writtenBaggage } from './baggage.ts'
import { NO_VENDOR } from './bare.ts'
import { isContext } from './codec.ts'
import { fitsDatadogMember, hasDatadogFields } from './datadog-fields.ts'
import type { Aspect, TraceContext, TraceSeed } from './model.ts'
import { lostFromNotes } from './notes.ts'
import { writtenTracestate } from './stash.ts'
import { hasXrayFields, isXrayMember } from './xray-fields.ts'

const NOTHING: readonly Aspect[] = Object.freeze([])

/** What the limits of baggage and tracestate leave out of a context. */
export function cutOfW3c(value: TraceContext | TraceSeed): readonly Aspect[] {
  if (isPlain(value)) return NOTHING
  const cut: Aspect[] = []
  const { length } = value.baggage
  if (length > 0 && writtenBaggage(value.baggage).length < length) cut.push('baggage')
  return isContext(value) ? [...cut, ...cutOfState(value)] : cut
}

/** The usual context: nothing of it has a limit. */
function isPlain(value: TraceContext | TraceSeed): boolean {
  if (value.baggage.length > 0 || value.vendor !== NO_VENDOR) return false
  return !isContext(value) || (value.tracestate.length === 0 && value.rawTraceId === undefined)
}

function cutOfState(context: TraceContext): readonly Aspect[] {
  const { tracestate, vendor } = context
  const written = writtenTracestate(context)
  const keys = new Set(written.map(({ key }) => key))
  const cut: Aspect[] = [...lostFromNotes(context, written)]
  if (!tracestate.every(({ key }) => keys.has(key))) cut.push('tracestate')
  if (hasXrayFields(vendor) && !written.some(isXrayMember)) cut.push('xray-fields')
  if (hasDatadogFields(vendor) && !fitsDatadogMember(written, context)) cut.push('datadog-fields')
  return cut
}
