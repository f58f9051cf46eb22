import { formatB3Single, parseB3Single } from './b3-single.ts'
import { NO_MEMBERS, NO_VENDOR } from './bare.ts'
import { hasParent } from './codec.ts'
import { isDatadogDebug, withDatadogMember } from './datadog-fields.ts'
import { hasHighHalf } from './ids.ts'
import type { TraceContext, TracestateMember } from './model.ts'
import { isNote, withNotes, writtenNotes } from './notes.ts'
import { refineSampling } from './sampling.ts'
import { fitTracestate } from './tracestate.ts'
import { isXrayMember, readXrayMember, xrayMember } from './xray-fields.ts'

/**
 * What traceparent cannot say rides beside it in tracestate, which every W3C participant passes
 * on: `b3={trace}-{span}[-{state}][-{parent}]` (B3's own RATIONALE names that member), and
 * `isthmus=firehose` for Jaeger's third flag. What only one vendor says rides in notes (notes.ts); `dd` is Datadog's own member, by its own rule.
 */
const B3_KEY = 'b3'
const OWN_KEY = 'isthmus'
const FIREHOSE = 'firehose'

/** The stash in front, as changed members must be; then everybody else's in order, as far as they fit. */
export function writtenTracestate(context: TraceContext): readonly TracestateMember[] {
  if (isSaidByTraceparent(context)) return NO_MEMBERS
  const others = withDatadogMember(context).filter((member) => !isStash(member))
  return fitTracestate([...stash(context, others), ...others])
}

/** The usual context of a mesh: there is nothing to stash and nothing to pass on. */
function isSaidByTraceparent(context: TraceContext): boolean {
  const { tracestate, vendor, firehose, rawTraceId } = context
  if (tracestate.length > 0 || vendor !== NO_VENDOR || firehose) return false
  return rawTraceId === undefined && !needsB3(context, false)
}

/** Empty when traceparent says it all. */
function stash(
  context: TraceContext,
  others: readonly TracestateMember[],
): readonly TracestateMember[] {
  const members: TracestateMember[] = []
  if (needsB3(context, isDatadogDebug(others))) {
    const value = formatB3Single(context, 128, { parentOfDeferred: true })
    members.push({ key: B3_KEY, value })
  }
  const xray = xrayMember(context)
  if (xray !== undefined) members.push(xray)
  if (context.firehose) members.push({ key: OWN_KEY, value: FIREHOSE })
  return [...members, ...writtenNotes(context)]
}

/** A 64-bit id needs no word: a zero left half already says it (and any width comes back so). */
function needsB3(context: TraceContext, isDebugSaid: boolean): boolean {
  const { sampling, traceIdWidth, traceId } = context
  if (sampling === 'defer' || (sampling === 'debug' && !isDebugSaid)) return true
  if (hasParent(context)) return true
  return traceIdWidth === 128 && !hasHighHalf(traceId)
}

/** The context with what the stash adds, and without the stash. */
export function unstash(context: TraceContext): TraceContext {
  if (context.tracestate.length === 0) return context
  if (!context.tracestate.some(isStash)) return context
  const own = context.tracestate.filter(isStash)
  const tracestate = context.tracestate.filter((member) => !isStash(member))
  const firehose = own.some(({ key, value }) => key === OWN_KEY && value === FIREHOSE)
  const vendor = { ...context.vendor, ...readXrayMember(own) }
  return restore(withNotes({ ...context, tracestate, firehose, vendor }, own), own)
}

/** Also other people's `b3`: a member of another trace is stale, and nobody needs it downstream. */
export function isStash(member: TracestateMember): boolean {
  const { key } = member
  if (key === B3_KEY) return true
  return key.startsWith(OWN_KEY) && (key === OWN_KEY || isXrayMember(member) || isNote(member))
}

/**
 * Believed for the same trace only. The span may differ: mesh services made spans of their own
 * since, and then the parent that was stashed is not the parent of this span.
 */
function restore(context: TraceContext, own: readonly TracestateMember[]): TraceContext {
  const value = own.find(({ key }) => key === B3_KEY)?.value
  const stashed = value === undefined ? 'malformed' : parseB3Single(value, { lenient: false })
  if (typeof stashed === 'string' || stashed.traceId !== context.traceId) return context
  return {
    ...context,
    traceIdWidth: stashed.traceIdWidth,
    parent: stashed.spanId === context.spanId ? stashed.parent : context.parent,
    sampling: refineSampling(context.sampling, stashed.sampling),
  }
}
