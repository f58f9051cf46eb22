import { isShort } from '../span/ids.ts'
import type { Note, Span, Trace } from '../span/model.ts'
import type { Claim, Missing } from './claims.ts'
import { CallerSearch, Waiting, findMissing, withoutOutranked } from './claims.ts'
import { isGatewayService } from './endpoint.ts'
import { lengthOf } from './interval.ts'
import type { StitchOptions } from './options.ts'
import { sortSpans } from './order.ts'
import type { Repair } from './repair.ts'
import { withSpans } from './repair.ts'

const NAME = 'gateway-span'

/**
 * A gateway may pass a span id on and never report the span. Where exactly one span can have
 * made the call, the missing span is made up between the two, under the id that its children
 * name. Where several can, nothing is guessed.
 */
export const gatewaySpan: Repair = {
  name: NAME,
  apply: (trace, options) => {
    const missing = findMissing(trace.spans)
    const waiting = new Waiting(trace.spans, options)
    const claims = agreedClaims(missing, waiting, options)
    const made = claims.map((claim) => madeUp(trace, claim, options))
    const found = new Set(made.map(({ id }) => id))
    const left = missing.filter(({ id }) => !found.has(id))
    const notes = [
      ...made.map(madeNote),
      ...left.flatMap((one) => leftNote(one, waiting.countCallers(one, options.skewBoundUs))),
    ]
    return withSpans(trace, sortSpans([...trace.spans, ...made]), notes)
  },
}

/**
 * Each span found gives the ones left one caller less to choose from. Clocks may differ, but
 * where several answers look for their callers a tolerance would hand one call's answer to the
 * next: it is given only to one that is alone.
 */
function agreedClaims(
  missing: readonly Missing[],
  waiting: Waiting,
  options: StitchOptions,
): readonly Claim[] {
  const all: Claim[] = []
  let left = missing.map((one) => new CallerSearch(one, waiting, 0))
  for (;;) {
    const agreed = agree(left, waiting)
    if (agreed.length === 0) break
    all.push(...agreed)
    const found = new Set(agreed.map((claim) => claim.missing))
    left = left.filter((search) => !found.has(search.missing))
  }
  const [alone, ...others] = left
  if (alone === undefined || others.length > 0) return all
  const lenient = new CallerSearch(alone.missing, waiting, options.skewBoundUs)
  return [...all, ...agree([lenient], waiting)]
}

/** Of two answers, each claimed by a caller below the other, the first is taken: no rings. */
function agree(searches: readonly CallerSearch[], waiting: Waiting): readonly Claim[] {
  const claims = withoutOutranked(searches.flatMap((search) => search.claim()))
  return claims.filter((claim) => waiting.agree(claim))
}

function madeUp(trace: Trace, { missing, caller }: Claim, options: StitchOptions): Span {
  const { service } = caller.span.remote ?? {}
  const named = isGatewayService(service, options) ? service : options.gatewayServices[0]
  return {
    traceId: trace.traceId,
    traceIdWidth: isShort(trace.traceId) ? 16 : 32,
    id: missing.id,
    parentId: caller.span.id,
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
      format: caller.span.provenance.format,
      originals: [],
      repairs: [NAME, 'synthetic'],
    },
  }
}

function madeNote({ id }: Span): Note {
  const message = `the span ${id} was made up: nobody reported it`
  return { repair: NAME, level: 'info', message, spanId: id }
}

function leftNote({ id }: Missing, count: number): Note[] {
  const message = `${count} callers fit the missing span ${id}; none was chosen`
  return count > 1 ? [{ repair: NAME, level: 'warning', message, spanId: id }] : []
}
