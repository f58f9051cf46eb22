import type { Span } from '../span/model.ts'
import { isGateway, mayBeSameHost, sameService } from './endpoint.ts'
import { contains, intervalOf, lengthOf } from './interval.ts'
import type { StitchOptions } from './options.ts'
import { compareSpans } from './order.ts'

/**
 * Servers that answer one span id, each with the server that it lies in: a gateway or sidecar
 * that passed the headers on. Those that lie in none answered the client themselves (retries).
 * Outermost first.
 */
export function nestServers(
  servers: readonly Span[],
  options: StitchOptions,
): ReadonlyMap<Span, Span | undefined> {
  const sorted = [...servers].sort((a, b) => compareNesting(a, b, options))
  return new Map(
    sorted.map((inner, at) => {
      const outer = sorted.slice(0, at).findLast((span) => passedOnTo(span, inner, options))
      return [inner, outer]
    }),
  )
}

/** The shortest of `spans` in whose time `inner` lies. */
export function innermostAround(
  inner: Span,
  spans: readonly Span[],
  toleranceUs: number,
): Span | undefined {
  const interval = intervalOf(inner)
  if (interval === undefined) return undefined
  const around = spans.filter((span) => {
    const outer = intervalOf(span)
    return outer !== undefined && contains(outer, interval, toleranceUs)
  })
  return around.sort((a, b) => lengthBy(a) - lengthBy(b) || compareSpans(a, b))[0]
}

/** A gateway's clock may differ from those of its neighbours; without one only nesting counts. */
function passedOnTo(outer: Span, inner: Span, options: StitchOptions): boolean {
  const around = intervalOf(outer)
  const within = intervalOf(inner)
  if (around === undefined || within === undefined) return false
  // Two hosts of one service under one id are a retry or a hedged request, however they overlap.
  const twoHosts = sameService(outer.local, inner.local) && !mayBeSameHost(outer.local, inner.local)
  if (twoHosts) return false
  const throughGateway = isGateway(outer, options) && !isGateway(inner, options)
  return contains(around, within, throughGateway ? options.skewBoundUs : 0)
}

/** Longest first; of two as long, the gateway first. */
function compareNesting(a: Span, b: Span, options: StitchOptions): number {
  return (
    lengthBy(b) - lengthBy(a) ||
    Number(isGateway(b, options)) - Number(isGateway(a, options)) ||
    compareSpans(a, b)
  )
}

function lengthBy(span: Span): number {
  const interval = intervalOf(span)
  return interval === undefined ? 0 : lengthOf(interval)
}
