import { lowHalf } from '../span/ids.ts'
import type { TraceId } from '../span/ids.ts'
import type { SpanReader } from '../store.ts'
import type { Part } from './seen.ts'

/** All parts, of all stores, of what may be one chain. */
export type Family = readonly Part[]

/**
 * Fetches what belongs to `ids` from every store, until no store knows more of it: a short id in
 * one leads to long ids in another, and those may lead on. Rejects when any store fails, for half
 * a chain would be stitched wrongly.
 */
export async function gather(
  ids: readonly TraceId[],
  readers: readonly SpanReader[],
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const asked = new Set<TraceId>()
  const parts = new Map<string, Part>()
  for (let next = [...new Set(ids)]; next.length > 0;) {
    for (const id of next) asked.add(id)
    const found = await findParts(next, readers, signal)
    for (const part of found) parts.set(`${part.store}:${part.trace.traceId}`, part)
    next = [...new Set(found.flatMap(({ trace }) => [trace.traceId, ...trace.aliases]))].filter(
      (id) => !asked.has(id),
    )
  }
  return [...parts.values()]
}

/** Parts that share the right half of an id, or of an alias, may be one chain. */
export function families(parts: readonly Part[]): readonly Family[] {
  const groups = new Map<string, Set<Part>>()
  for (const part of parts) {
    const { traceId, aliases } = part.trace
    const halves = [traceId, ...aliases].map(lowHalf)
    const joined = new Set([part])
    for (const group of new Set(halves.map((half) => groups.get(half)))) {
      for (const member of group ?? []) joined.add(member)
    }
    for (const member of joined) {
      for (const id of [member.trace.traceId, ...member.trace.aliases]) {
        groups.set(lowHalf(id), joined)
      }
    }
  }
  return [...new Set(groups.values())].map((group) => [...group])
}

async function findParts(
  ids: readonly TraceId[],
  readers: readonly SpanReader[],
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const found = await Promise.all(
    readers.map(async (reader, store) => {
      const traces = await reader.findRelated(ids, signal)
      return traces.map((trace) => ({ store, trace }))
    }),
  )
  return found.flat()
}
