import { canonicalJson } from '../span/canonical.ts'
import type { Span } from '../span/model.ts'
import { tagText } from '../span/model.ts'
import { isGatewayService } from './endpoint.ts'
import type { Interval } from './interval.ts'
import { contains, intervalOf } from './interval.ts'
import type { StitchOptions } from './options.ts'

/** Under which a proxy hands one id of the request to both sides; Envoy writes the first. */
const REQUEST_ID_TAGS = ['guid:x-request-id', 'x-request-id', 'http.request_id'] as const

/** A span that asked somebody, with what is compared of it: each is compared with many answers. */
export interface Caller {
  readonly span: Span
  readonly interval: Interval
  readonly requestId: string | undefined
  /** Lower case. */
  readonly peer: string | undefined
  readonly asksGateway: boolean
  readonly stores: string
}

/** Answering spans whose common parent nobody reported, with what is compared of them. */
export interface Unclaimed {
  readonly hull: Interval
  /** Of each of them; undefined of one without. */
  readonly requestIds: ReadonlySet<string | undefined>
  /** Lower case. */
  readonly services: ReadonlySet<string | undefined>
  readonly stores: ReadonlySet<string>
}

/** undefined of a span without a start: nobody can say what lies in its time. */
export function callerOf(span: Span, options: StitchOptions): Caller | undefined {
  const interval = intervalOf(span)
  const service = span.remote?.service
  return (
    interval && {
      span,
      interval,
      requestId: requestIdOf(span),
      peer: service?.toLowerCase(),
      asksGateway: isGatewayService(service, options),
      stores: canonicalJson(span.provenance.stores),
    }
  )
}

export function unclaimedOf(callees: readonly Span[], hull: Interval): Unclaimed {
  return {
    hull,
    requestIds: new Set(callees.map(requestIdOf)),
    services: new Set(callees.map((span) => span.local.service?.toLowerCase())),
    stores: new Set(callees.map((span) => canonicalJson(span.provenance.stores))),
  }
}

/** Whether the answer lies in the time of the call, give or take the tolerance at both ends. */
export function isInTime(caller: Caller, { hull }: Unclaimed, toleranceUs: number): boolean {
  return contains(caller.interval, hull, toleranceUs)
}

/** Whether `caller` may have made the call. */
type Evidence = (caller: Caller, unclaimed: Unclaimed) => boolean

/** Strongest first; where there is stronger evidence, weaker does not count. */
export const EVIDENCE: readonly Evidence[] = [hasSameRequestId, namesPeer, isElsewhere]

function hasSameRequestId({ requestId }: Caller, { requestIds }: Unclaimed): boolean {
  return requestId !== undefined && requestIds.has(requestId)
}

function namesPeer(caller: Caller, unclaimed: Unclaimed): boolean {
  const { asksGateway, peer } = caller
  const named = asksGateway || (peer !== undefined && unclaimed.services.has(peer))
  return named && isSameRequest(caller, unclaimed)
}

/** No peer is named, and the answer lies elsewhere: a copy may lie in the caller's own store. */
function isElsewhere(caller: Caller, unclaimed: Unclaimed): boolean {
  const { peer, stores } = caller
  return peer === undefined && !unclaimed.stores.has(stores) && isSameRequest(caller, unclaimed)
}

/** No request id says otherwise. */
function isSameRequest({ requestId }: Caller, { requestIds }: Unclaimed): boolean {
  if (requestId === undefined) return true
  return [...requestIds].every((id) => id === undefined || id === requestId)
}

function requestIdOf(span: Span): string | undefined {
  const key = REQUEST_ID_TAGS.find((name) => tagText(span.tags, name) !== undefined)
  return key && tagText(span.tags, key)
}
