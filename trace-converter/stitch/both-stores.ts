import type { Span } from '../span/model.ts'
import { cluster } from './cluster.ts'
import { fits, isGateway, mayBeSameHost, sameService } from './endpoint.ts'
import { mergeSpans, richestFirst } from './merge.ts'
import type { StitchOptions } from './options.ts'
import type { Repair } from './repair.ts'
import { byId, withSpans } from './repair.ts'

const NAME = 'both-stores'
/** Formats round to microseconds each in its own way. */
const ROUNDING_US = 1

/** One span that was reported to two stores is one span. */
export const bothStores: Repair = {
  name: NAME,
  apply: (trace, options) => {
    const areOne = (a: Span, b: Span): boolean => areCopies(a, b, options)
    const spans = [...byId(trace.spans).values()].flatMap((group) => {
      const [first, ...others] = group
      if (first === undefined || others.length === 0) return group
      const { clusters } = cluster(richestFirst([first, ...others]), areOne)
      return clusters.map((members) =>
        members.length > 1 ? mergeSpans(NAME, members) : members[0],
      )
    })
    return withSpans(trace, spans, [])
  },
}

function areCopies(a: Span, b: Span, options: StitchOptions): boolean {
  const apart = a.provenance.stores.every((store) => !b.provenance.stores.includes(store))
  const sameName = sameService(a.local, b.local) || (isGateway(a, options) && isGateway(b, options))
  return (
    apart &&
    sameName &&
    fits(a.kind, b.kind) &&
    mayBeSameHost(a.local, b.local) &&
    near(a.startUs, b.startUs, options.skewBoundUs) &&
    (near(a.durationUs, b.durationUs, ROUNDING_US) || fits(a.durationUs, b.durationUs))
  )
}

function near(a: number | undefined, b: number | undefined, withinUs: number): boolean {
  return a !== undefined && b !== undefined && Math.abs(a - b) <= withinUs
}
