import { canonicalJson } from '../span/canonical.ts'
import type { Span } from '../span/model.ts'
import { tagText } from '../span/model.ts'
import { fits, isGatewayService, sameService } from './endpoint.ts'
import type { Interval } from './interval.ts'
import { contains, intervalOf } from './interval.ts'
import { isCallee, isCaller } from './kind.ts'
import type { StitchOptions } from './options.ts'

/** Under which a proxy hands one id of the request to both sides; Envoy writes the first. */
const REQUEST_ID_TAGS = ['guid:x-request-id', 'x-request-id', 'http.request_id'] as const

/** The answering spans whose common parent nobody reported. */
export interface Unclaimed {
  readonly callees: readonly Span[]
  readonly hull: Interval
}

/**
 * The spans that may have made the call, of those that wait for an answer (`waiting`: asking
 * spans without anything below them). Only the strongest evidence that there is counts: the same
 * request id, else the name of the peer, else, where no peer is named, the other store.
 * `toleranceUs`: how far the answer may reach over the ends of the call.
 */
export function callersOf(
  unclaimed: Unclaimed,
  waiting: readonly Span[],
  toleranceUs: number,
  options: StitchOptions,
): readonly Span[] {
  const inTime = waiting.filter((span) => {
    const interval = intervalOf(span)
    return interval !== undefined && contains(interval, unclaimed.hull, toleranceUs)
  })
  const levels = [
    inTime.filter((span) => hasSameRequestId(span, unclaimed.callees)),
    inTime.filter((span) => namesPeer(span, unclaimed.callees, options)),
    inTime.filter((span) => span.remote?.service === undefined && isElsewhere(span, unclaimed)),
  ]
  return levels.find((found) => found.length > 0) ?? []
}

/** Whether the span asked somebody and nobody is known to have answered. */
export function isWaiting(span: Span, children: readonly Span[]): boolean {
  return isCaller(span) && !children.some(isCallee)
}

function hasSameRequestId(caller: Span, callees: readonly Span[]): boolean {
  const id = requestId(caller)
  return id !== undefined && callees.some((span) => requestId(span) === id)
}

function requestId(span: Span): string | undefined {
  const key = REQUEST_ID_TAGS.find((name) => tagText(span.tags, name) !== undefined)
  return key && tagText(span.tags, key)
}

function namesPeer(caller: Span, callees: readonly Span[], options: StitchOptions): boolean {
  const peer = caller.remote
  return (
    callees.every((span) => fits(requestId(caller), requestId(span))) &&
    (isGatewayService(peer?.service, options) ||
      callees.some((span) => sameService(peer, span.local)))
  )
}

/** Not in the same stores: a copy of the one may lie in the store of the other. */
function isElsewhere(caller: Span, { callees }: Unclaimed): boolean {
  const stores = canonicalJson(caller.provenance.stores)
  return callees.every(
    (span) =>
      canonicalJson(span.provenance.stores) !== stores && fits(requestId(caller), requestId(span)),
  )
}
