import { canonicalJson } from '../span/canonical.ts'
import type { Attribute, Endpoint, Span } from '../span/model.ts'
import { repaired } from './change.ts'
import { compareSpans } from './order.ts'

/**
 * One span out of several reports of it: each field from the first that has it, richest report
 * first; tags, events, links and remarks of all. Of two values of one tag the richer's stays,
 * the other is kept in the originals.
 */
export function mergeSpans(repair: string, spans: readonly [Span, ...Span[]]): Span {
  const [first, ...others] = richestFirst(spans)
  const merged = others.reduce(mergeTwo, first)
  return repaired(repair, merged, spans)
}

export function richestFirst(spans: readonly [Span, ...Span[]]): readonly [Span, ...Span[]] {
  const [first, ...others] = [...spans].sort(
    (a, b) => richness(b) - richness(a) || compareSpans(a, b),
  )
  return first === undefined ? spans : [first, ...others]
}

/** How much a report says: fields that decide the tree weigh more than any number of tags. */
function richness(span: Span): number {
  const { kind, startUs, durationUs, local, parentId, name } = span
  const deciding = [kind, local.service, startUs, durationUs, parentId, name, local.ipv4]
  const weight = deciding.filter((field) => field !== undefined).length
  return weight * 1_000 + span.tags.length + span.events.length + span.process.length
}

function mergeTwo(a: Span, b: Span): Span {
  return {
    ...b,
    ...a,
    local: { ...b.local, ...a.local },
    ...mergeRemotes(a.remote, b.remote),
    process: mergeTags(a.process, b.process),
    tags: mergeTags(a.tags, b.tags),
    events: mergeLists(a.events, b.events).toSorted((x, y) => x.timeUs - y.timeUs),
    links: mergeLists(a.links, b.links),
    warnings: mergeLists(a.warnings, b.warnings),
  }
}

function mergeRemotes(a: Endpoint | undefined, b: Endpoint | undefined): Pick<Span, 'remote'> {
  return a === undefined && b === undefined ? {} : { remote: { ...b, ...a } }
}

function mergeTags(a: readonly Attribute[], b: readonly Attribute[]): readonly Attribute[] {
  const known = new Set(a.map((tag) => tag.key))
  return [...a, ...b.filter((tag) => !known.has(tag.key))]
}

function mergeLists<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  const known = new Set(a.map(canonicalJson))
  return [...a, ...b.filter((item) => !known.has(canonicalJson(item)))]
}
