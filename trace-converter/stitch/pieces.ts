import type { Note, Span } from '../span/model.ts'
import { cluster } from './cluster.ts'
import { fits, mayBeSameEndpoint } from './endpoint.ts'
import { mergeSpans, richestFirst } from './merge.ts'
import type { Repair } from './repair.ts'
import { groupBy, withSpans } from './repair.ts'

const NAME = 'pieces'

/**
 * Zipkin's clients may report a span in parts: the start now, the length later, annotations by
 * themselves. Parts of one store that contradict each other in nothing become one span. Two
 * different starts or lengths are a contradiction: those are two spans (a retry), both kept.
 */
export const pieces: Repair = {
  name: NAME,
  apply: (trace) => {
    const notes: Note[] = []
    const groups = groupBy(trace.spans, (span) => JSON.stringify([span.id, span.provenance.stores]))
    const spans = [...groups.values()].flatMap((group) => joinPieces(group, notes))
    return withSpans(trace, spans, notes)
  },
}

function joinPieces(group: readonly Span[], notes: Note[]): readonly Span[] {
  const [first, ...others] = group
  if (first === undefined || others.length === 0) return group
  const { clusters, undecided } = cluster(richestFirst([first, ...others]), arePieces)
  const warn = { repair: NAME, level: 'warning', spanId: first.id } as const
  for (const { id } of undecided) {
    notes.push({ ...warn, message: `a part of span ${id} fits several spans; it was left apart` })
  }
  return clusters.map((members) => (members.length === 1 ? members[0] : mergeSpans(NAME, members)))
}

function arePieces(a: Span, b: Span): boolean {
  return (
    fits(a.kind, b.kind) &&
    mayBeSameEndpoint(a.local, b.local) &&
    fits(a.startUs, b.startUs) &&
    fits(a.durationUs, b.durationUs) &&
    fits(a.parentId, b.parentId)
  )
}
