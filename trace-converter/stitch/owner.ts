import type { Span } from '../span/model.ts'
import { isGateway, mayBeSameHost, sameService } from './endpoint.ts'
import { isCallee } from './kind.ts'
import { innermostAround } from './nesting.ts'
import type { StitchOptions } from './options.ts'

/**
 * Which of the spans that share an id a child of that id belongs to: the one of the child's own
 * endpoint, and among several the one in whose time it lies. A server that none of them could
 * have made was called by the keeper, or by the gateway in between.
 */
export function ownerOf(
  child: Span,
  holders: readonly Span[],
  keeper: Span,
  options: StitchOptions,
): Span {
  const sameHost = holders.filter(
    (span) => sameService(span.local, child.local) && mayBeSameHost(span.local, child.local),
  )
  const [own, ...others] = sameHost
  if (own !== undefined && others.length === 0) return own
  if (own !== undefined) return innermostAround(child, sameHost, 0) ?? preferred(sameHost, own)
  const callers = isCallee(child) ? holders.filter((span) => isGateway(span, options)) : holders
  const unknown = isCallee(child) || child.local.service === undefined
  const around = unknown ? innermostAround(child, callers, options.skewBoundUs) : undefined
  return around ?? keeper
}

/** Work done under an id that its host both asked and answered with is the answering's. */
function preferred(holders: readonly Span[], first: Span): Span {
  return holders.find(isCallee) ?? first
}
