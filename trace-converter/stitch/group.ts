import type { SpanId, TraceId } from '../span/ids.ts'
import { isShort, lowHalf } from '../span/ids.ts'
import type { Note, Span, Trace } from '../span/model.ts'
import { areOneByShortId, isEdge, wantedId } from './evidence.ts'
import { Joins } from './joins.ts'
import type { StitchOptions } from './options.ts'
import { sortSpans, sortTexts } from './order.ts'
import { byId, groupBy } from './repair.ts'

const NAME = 'group'

/** Spans by the trace id under which they were stored. */
type Parts = ReadonlyMap<TraceId, readonly Span[]>

/**
 * Puts the stored parts of each chain together. Two parts are one chain when one's id is the
 * short form of the other's, and of no third's; or when a span of one names a span of the other
 * as its parent and lies in its time. The same 64 bits of two long ids are a coincidence.
 */
export function groupByEvidence(spans: readonly Span[], options: StitchOptions): readonly Trace[] {
  const parts: Parts = groupBy(sortSpans(spans), (span) => span.traceId)
  const joins = new Joins(parts)
  const notes = new Map<TraceId, Note>()
  joinShortIds(parts, joins, notes, options)
  joinForeignParents(parts, joins, options)
  return [...groupBy([...parts.keys()], (id) => joins.homeOf(id))].map(([traceId, ids]) => ({
    traceId,
    spans: sortSpans(ids.flatMap((id) => parts.get(id) ?? [])),
    aliases: sortTexts(ids.filter((id) => id !== traceId)),
    notes: ids.flatMap((id) => notes.get(id) ?? []),
  }))
}

function joinShortIds(
  parts: Parts,
  joins: Joins,
  notes: Map<TraceId, Note>,
  options: StitchOptions,
): void {
  const longs = groupBy(
    [...parts.keys()].filter((id) => !isShort(id)),
    lowHalf,
  )
  for (const [id, part] of parts) {
    const forms = isShort(id) ? (longs.get(lowHalf(id)) ?? []) : []
    const linked = forms.filter((form) => areLinked(part, parts.get(form) ?? [], options))
    const near = forms.filter((form) => areOneByShortId(part, parts.get(form) ?? [], options))
    const [form, ...others] = linked.length > 0 || forms.length > 1 ? linked : near
    if (form !== undefined && others.length === 0) joins.join(id, form)
    else if (forms.length > 0) notes.set(id, leftApart(id, forms))
  }
}

function leftApart(id: TraceId, forms: readonly TraceId[]): Note {
  const message = `${forms.join(', ')} end(s) with the same 64 bits as ${id}; no span links them`
  return { repair: NAME, level: 'warning', message }
}

function areLinked(a: readonly Span[], b: readonly Span[], options: StitchOptions): boolean {
  return hasEdge(a, b, options) || hasEdge(b, a, options)
}

/** Looks only where ids are equal: both parts may be long. */
function hasEdge(
  parents: readonly Span[],
  children: readonly Span[],
  options: StitchOptions,
): boolean {
  const holders = byId(parents)
  return children.some((child) =>
    [child.id, child.parentId]
      .flatMap((id) => (id === undefined ? [] : (holders.get(id) ?? [])))
      .some((parent) => isEdge(parent, child, options)),
  )
}

/** A part joins the only other trace that holds the parents which its own spans do not. */
function joinForeignParents(parts: Parts, joins: Joins, options: StitchOptions): void {
  const holders = groupBy([...parts.values()].flat(), (span) => span.id)
  const found = [...groupBy([...parts.keys()], (id) => joins.homeOf(id))].map(([home, ids]) => {
    const spans = ids.flatMap((id) => parts.get(id) ?? [])
    return { home, parents: foreignParents(spans, home, holders, joins, options) }
  })
  for (const { home, parents } of found) {
    const [parent, ...others] = parents
    if (parent !== undefined && others.length === 0) joins.join(home, parent)
  }
}

function foreignParents(
  spans: readonly Span[],
  home: TraceId,
  holders: ReadonlyMap<SpanId, readonly Span[]>,
  joins: Joins,
  options: StitchOptions,
): readonly TraceId[] {
  const ownIds = new Set(spans.map((span) => span.id))
  return sortTexts(
    spans.flatMap((child): TraceId[] => {
      const wanted = wantedId(child, ownIds)
      const all = wanted === undefined ? [] : (holders.get(wanted) ?? [])
      const there = all.filter((span) => joins.homeOf(span.traceId) !== home)
      const [only, ...others] = new Set(there.map((span) => joins.homeOf(span.traceId)))
      if (only === undefined || others.length > 0) return []
      return there.some((parent) => isEdge(parent, child, options)) ? [only] : []
    }),
  )
}
