import { byTrace, rawTrace } from '../span/collect.ts'
import { endsOf, storedSpans } from '../span/ends.ts'
import type { TraceId } from '../span/ids.ts'
import type { SpanReader } from '../store.ts'
import { families, idsOf } from './group.ts'
import type { Family, Member } from './group.ts'
import { Links } from './links.ts'
import type { Sources } from './links.ts'
import type { Part } from './seen.ts'

type Members = ReadonlyMap<string, Member>

/** Parts of one family, at most, that span ids may link. */
const MAX_LINKED_PARTS = 1_000

/**
 * Fetches what belongs to `ids` from every store, until no store knows more of it: a short id in
 * one leads to long ids in another, a missing parent to a trace of another id, and those may lead
 * on. Rejects when any store fails, for half a chain would be stitched wrongly.
 */
export async function gather(
  ids: readonly TraceId[],
  sources: Sources,
  signal: AbortSignal,
): Promise<readonly Family[]> {
  const links = new Links(sources)
  const asked = new Set<TraceId>()
  const members = new Map<string, Member>()
  for (let next = new Set(ids); next.size > 0;) {
    for (const id of next) asked.add(id)
    const found = await findMembers([...next], sources, signal)
    for (const [key, member] of found) members.set(key, member)
    crowdBig(members, links)
    const linked = await links.linkedTo([...found.values()], signal)
    const known = [...found.values()].flatMap(idsOf)
    next = new Set([...known, ...linked].filter((id) => !asked.has(id)))
  }
  return families([...members.values()], links.crowded)
}

/** A family that grows past all sense is linked by ids that repeat; by those it is not read on. */
function crowdBig(members: Members, links: Links): void {
  if (members.size <= MAX_LINKED_PARTS) return
  const all = [...members.values()]
  const big = families(all, links.crowded).filter(({ length }) => length > MAX_LINKED_PARTS)
  const parts = new Set(big.flat())
  for (const { part, ends } of all) {
    if (parts.has(part)) links.crowd([...ends.holds, ...ends.misses])
  }
}

async function findMembers(
  ids: readonly TraceId[],
  { from, stitched }: Sources,
  signal: AbortSignal,
): Promise<Members> {
  const stored = from.map(async (reader, store) => {
    const traces = await reader.findRelated(ids, signal)
    return traces.map((trace) => member(`${store}:${trace.traceId}`, { store, trace }))
  })
  const [kept, ...found] = await Promise.all([findKept(ids, stitched, signal), ...stored])
  return new Map([...found.flat(), ...kept])
}

/** Spans of stitched traces, taken back to what was stored and to the trace that held them. */
async function findKept(
  ids: readonly TraceId[],
  stitched: SpanReader,
  signal: AbortSignal,
): Promise<readonly (readonly [string, Member])[]> {
  const traces = await stitched.findRelated(ids, signal)
  return traces.flatMap((whole) =>
    [...byTrace(storedSpans(whole.spans))].map(([traceId, spans]) => {
      const trace = rawTrace(traceId, spans)
      return member(`${whole.traceId}:${traceId}`, { store: 'stitched', trace })
    }),
  )
}

function member(key: string, part: Part): readonly [string, Member] {
  return [key, { part, ends: endsOf(part.trace.spans) }]
}
