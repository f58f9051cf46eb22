import type { SpanId } from '../span/ids.ts'
import { isShort } from '../span/ids.ts'
import type { Note, Span, Trace } from '../span/model.ts'
import type { Unclaimed } from './caller.ts'
import { callersOf, isWaiting } from './caller.ts'
import { isGatewayService } from './endpoint.ts'
import { Family } from './family.ts'
import { contains, gapBetween, hullOf, lengthOf } from './interval.ts'
import { isCallee } from './kind.ts'
import type { StitchOptions } from './options.ts'
import { sortSpans } from './order.ts'
import type { Repair } from './repair.ts'
import { groupBy, withSpans } from './repair.ts'

const NAME = 'gateway-span'

/** Answers to one call that nobody reported: `id` is the parent that they name. */
interface Missing extends Unclaimed {
  readonly id: SpanId
}

interface Claim {
  readonly missing: Missing
  readonly caller: Span
}

/**
 * A gateway may pass a span id on and never report the span. Where exactly one span can have
 * made the call, the missing span is made up between the two, under the id that its children
 * name. Where several can, nothing is guessed.
 */
export const gatewaySpan: Repair = {
  name: NAME,
  apply: (trace, options) => {
    let { spans } = trace
    // Each span found gives the ones below it one caller less to choose from.
    for (;;) {
      const claims = agreedClaims(findMissing(spans), spans, options)
      if (claims.length === 0) break
      const made = claims.map((claim) => madeUp(trace, claim, options))
      spans = sortSpans([...spans, ...made])
    }
    return withSpans(trace, spans, notesOf(spans, options))
  },
}

function findMissing(spans: readonly Span[]): readonly Missing[] {
  const ids = new Set(spans.map((span) => span.id))
  const orphans = spans.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))
  return [...groupBy(orphans, (span) => span.parentId)].flatMap(([id, children]) => {
    const callees = children.filter(isCallee)
    const hull = hullOf(children)
    if (id === undefined || callees.length === 0 || hull === undefined) return []
    return [{ id, callees, hull }]
  })
}

/** Callers that wait, but for those below the missing span itself: the tree has no rings. */
function candidates(
  missing: Missing,
  spans: readonly Span[],
  toleranceUs: number,
  options: StitchOptions,
): readonly Span[] {
  const family = new Family(spans)
  const below = family.below(missing.id)
  const waiting = spans.filter(
    (span) => !below.has(span) && isWaiting(span, family.childrenOf(span.id)),
  )
  return callersOf(missing, waiting, toleranceUs, options)
}

/**
 * Clocks may differ, but where several answers look for their callers a tolerance would hand one
 * call's answer to the next. So it is given only to one that is alone.
 */
function agreedClaims(
  missing: readonly Missing[],
  spans: readonly Span[],
  options: StitchOptions,
): readonly Claim[] {
  const strict = missing.flatMap((one) => claimOf(one, spans, 0, options))
  const agreed = strict.filter((claim) => !strict.some((other) => outranks(other, claim)))
  const [alone, ...others] = missing
  if (agreed.length > 0 || alone === undefined || others.length > 0) return agreed
  return claimOf(alone, spans, options.skewBoundUs, options)
}

function claimOf(
  missing: Missing,
  spans: readonly Span[],
  toleranceUs: number,
  options: StitchOptions,
): Claim[] {
  const [caller, ...others] = candidates(missing, spans, toleranceUs, options)
  return caller === undefined || others.length > 0 ? [] : [{ missing, caller }]
}

/**
 * One caller asks one thing at a time: of two answers that overlap, the outer one is its own and
 * the inner one was asked for further down. Answers after one another are retries.
 */
function outranks(other: Claim, claim: Claim): boolean {
  if (other === claim || other.caller !== claim.caller) return false
  const [a, b] = [other.missing.hull, claim.missing.hull]
  if (gapBetween(a, b) > 0) return false
  return contains(a, b, 0) && (lengthOf(a) > lengthOf(b) || other.missing.id < claim.missing.id)
}

function madeUp(trace: Trace, { missing, caller }: Claim, options: StitchOptions): Span {
  const { service } = caller.remote ?? {}
  const named = isGatewayService(service, options) ? service : options.gatewayServices[0]
  return {
    traceId: trace.traceId,
    traceIdWidth: isShort(trace.traceId) ? 16 : 32,
    id: missing.id,
    parentId: caller.id,
    kind: 'server',
    startUs: missing.hull.startUs,
    durationUs: lengthOf(missing.hull),
    local: { service: named ?? 'gateway' },
    process: [],
    tags: [{ key: 'synthetic', value: { type: 'bool', value: true } }],
    events: [],
    links: [],
    warnings: ['nobody reported this span; its children name it and one caller fits'],
    provenance: {
      stores: [],
      format: caller.provenance.format,
      originals: [],
      repairs: [NAME, 'synthetic'],
    },
  }
}

function notesOf(spans: readonly Span[], options: StitchOptions): readonly Note[] {
  const made = spans
    .filter((span) => span.provenance.repairs.includes('synthetic'))
    .map(({ id }): Note => {
      const message = `the span ${id} was made up: nobody reported it`
      return { repair: NAME, level: 'info', message, spanId: id }
    })
  const left = findMissing(spans).flatMap((missing): Note[] => {
    const { length } = candidates(missing, spans, options.skewBoundUs, options)
    const message = `${length} callers fit the missing span ${missing.id}; none was chosen`
    return length > 1 ? [{ repair: NAME, level: 'warning', message, spanId: missing.id }] : []
  })
  return [...made, ...left]
}
