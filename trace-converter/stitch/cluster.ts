import type { Span } from '../span/model.ts'

export interface Clusters {
  readonly clusters: readonly (readonly [Span, ...Span[]])[]
  /** Spans that fit several clusters and were therefore put into none. */
  readonly undecided: readonly Span[]
}

/**
 * Puts spans that are one and the same together. A span joins the only cluster whose members all
 * fit it; one that fits several stays by itself. `spans` come with those that say most first, so
 * that the vague ones meet finished clusters.
 */
export function cluster(spans: readonly Span[], areOne: (a: Span, b: Span) => boolean): Clusters {
  const clusters: [Span, ...Span[]][] = []
  const undecided: Span[] = []
  for (const span of spans) {
    const [home, ...more] = clusters.filter((members) => members.every((one) => areOne(one, span)))
    if (home === undefined) clusters.push([span])
    else if (more.length === 0) home.push(span)
    else undecided.push(span)
  }
  return { clusters: [...clusters, ...undecided.map((span): [Span] => [span])], undecided }
}
