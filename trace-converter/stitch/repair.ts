import type { SpanId } from '../span/ids.ts'
import type { Note, Span, Trace } from '../span/model.ts'
import type { StitchOptions } from './options.ts'

/**
 * One thing that goes wrong with stored traces, and how it is put right. Pure, and the same for
 * the same spans: a repair sees them in canonical order.
 */
export interface Repair {
  readonly name: string
  readonly apply: (trace: Trace, options: StitchOptions) => Repaired
}

export interface Repaired {
  readonly trace: Trace
  readonly notes: readonly Note[]
}

export function withSpans(trace: Trace, spans: readonly Span[], notes: readonly Note[]): Repaired {
  return { trace: { ...trace, spans }, notes }
}

/** Spans by their id; several may share one. */
export function byId(spans: readonly Span[]): ReadonlyMap<SpanId, readonly Span[]> {
  return groupBy(spans, (span) => span.id)
}

/** Items under their keys, both in the order in which they come. */
export function groupBy<K, T>(
  items: readonly T[],
  keyOf: (item: T) => K,
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
