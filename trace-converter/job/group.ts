import type { SpanEnds } from '../span/ends.ts'
import { lowHalf } from '../span/ids.ts'
import type { SpanId, TraceId } from '../span/ids.ts'
import type { Part } from './seen.ts'

/** All parts, of all stores, of what may be one chain. */
export type Family = readonly Part[]

/** A part, and what may link it to parts of other ids. */
export interface Member {
  readonly part: Part
  readonly ends: SpanEnds
}

interface Group {
  readonly keys: string[]
  readonly parts: Part[]
}

export function idsOf({ part: { trace } }: Member): readonly TraceId[] {
  return [trace.traceId, ...trace.aliases]
}

/**
 * Parts may be one chain that share the right half of an id, or of an alias, or of which one
 * misses a parent that another one holds. Span ids that are `crowded` tell nothing.
 */
export function families(
  members: readonly Member[],
  crowded: ReadonlySet<SpanId>,
): readonly Family[] {
  const held = new Set(members.flatMap(({ ends }) => [...ends.holds]))
  const missed = members.flatMap(({ ends }) => [...ends.misses])
  const edges = new Set(missed.filter((id) => held.has(id) && !crowded.has(id)))
  const groups = new Map<string, Group>()
  for (const member of members) joinByKeys(member, keysOf(member, edges), groups)
  return [...new Set(groups.values())].map(({ parts }) => parts)
}

function keysOf(member: Member, edges: ReadonlySet<SpanId>): readonly string[] {
  const { holds, misses } = member.ends
  const shared = [...holds, ...misses].filter((id) => edges.has(id))
  return [...idsOf(member).map((id) => `trace:${lowHalf(id)}`), ...shared.map((id) => `span:${id}`)]
}

/** The biggest group takes the others in, so that each part moves a few times at most. */
function joinByKeys({ part }: Member, keys: readonly string[], groups: Map<string, Group>): void {
  const touched = new Set(keys.flatMap((key) => groups.get(key) ?? []))
  const [home, ...others] = [...touched].sort((a, b) => b.parts.length - a.parts.length)
  const group = home ?? { keys: [], parts: [] }
  group.parts.push(...others.flatMap(({ parts }) => parts), part)
  for (const key of [...others.flatMap((other) => other.keys), ...keys]) {
    if (groups.get(key) === group) continue
    groups.set(key, group)
    group.keys.push(key)
  }
}
