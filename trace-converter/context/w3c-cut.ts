import { isWholeBaggage } from './baggage.ts'
import { NO_VENDOR } from './bare.ts'
import { isContext } from './codec.ts'
import { fitsDatadogMember, hasDatadogFields } from './datadog-fields.ts'
import type { Aspect, TraceContext, TraceSeed } from './model.ts'
import { lostFromNotes } from './notes.ts'
import { isStash, writtenTracestate } from './stash.ts'
import { fitEasily } from './tracestate.ts'
import { hasXrayFields, isXrayMember } from './xray-fields.ts'

const NOTHING: readonly Aspect[] = Object.freeze([])

/** What the limits of baggage and tracestate leave out of a context. */
export function cutOfW3c(value: TraceContext | TraceSeed): readonly Aspect[] {
  const ofState = isContext(value) ? cutOfState(value) : NOTHING
  return isWholeBaggage(value.baggage) ? ofState : ['baggage', ...ofState]
}

/** The usual state: a few short members of others. */
function isWholeState({ tracestate, vendor, rawTraceId }: TraceContext): boolean {
  if (vendor !== NO_VENDOR || rawTraceId !== undefined) return false
  return fitEasily(tracestate) && !tracestate.some(isStash)
}

function cutOfState(context: TraceContext): readonly Aspect[] {
  if (isWholeState(context)) return NOTHING
  const { tracestate, vendor } = context
  const written = writtenTracestate(context)
  const keys = new Set(written.map(({ key }) => key))
  const cut: Aspect[] = [...lostFromNotes(context, written)]
  if (!tracestate.every(({ key }) => keys.has(key))) cut.push('tracestate')
  if (hasXrayFields(vendor) && !written.some(isXrayMember)) cut.push('xray-fields')
  if (hasDatadogFields(vendor) && !fitsDatadogMember(written, context)) cut.push('datadog-fields')
  return cut
}
