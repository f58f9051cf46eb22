import type { SpanId } from '../span/ids.ts'
import { lowHalf } from '../span/ids.ts'
import { without } from '../span/json.ts'
import type { Note, Span } from '../span/model.ts'
import { repaired } from './change.ts'
import { derivedSpanId } from './hash.ts'
import { isCallee, isCaller } from './kind.ts'
import { nestServers } from './nesting.ts'
import type { StitchOptions } from './options.ts'
import { ownerOf } from './owner.ts'
import type { Repair } from './repair.ts'
import { byId, withSpans } from './repair.ts'

const NAME = 'shared-id'

/** Who keeps the id that several spans share, and what the others hang under. */
interface Holders {
  readonly all: readonly Span[]
  readonly keeper: Span
  readonly outer: ReadonlyMap<Span, Span | undefined>
}

/**
 * Gives every span an id of its own. The client keeps the shared one; each server gets an id
 * derived from what it is, so that it is the same at every stitching, and hangs under the client
 * or under the server that passed the call on. Children follow the span of their own endpoint.
 */
export const sharedId: Repair = {
  name: NAME,
  apply: (trace, options) => {
    const shared = sharedHolders(trace.spans, options)
    if (shared.size === 0) return { trace, notes: [] }
    const ids = newIds(trace.spans, shared)
    const spans = trace.spans.map((span) => moved(span, shared, ids, options))
    return withSpans(trace, spans, [...shared.values()].flatMap(notesOf))
  },
}

function sharedHolders(
  spans: readonly Span[],
  options: StitchOptions,
): ReadonlyMap<SpanId, Holders> {
  const shared = new Map<SpanId, Holders>()
  for (const [id, all] of byId(spans)) {
    const outer = nestServers(all.filter(isCallee), options)
    const keeper = all.find(isCaller) ?? [...outer.keys()][0] ?? all[0]
    if (all.length > 1 && keeper !== undefined) shared.set(id, { all, keeper, outer })
  }
  return shared
}

function newIds(
  spans: readonly Span[],
  shared: ReadonlyMap<SpanId, Holders>,
): ReadonlyMap<Span, SpanId> {
  const taken = new Set(spans.map((span) => span.id))
  const ids = new Map<Span, SpanId>()
  for (const span of spans) {
    const holders = shared.get(span.id)
    if (holders === undefined || holders.keeper === span) continue
    const id = derivedSpanId(wordsOf(span), taken)
    taken.add(id)
    ids.set(span, id)
  }
  return ids
}

/** The right half only: the left one may come to light later. */
function wordsOf({ traceId, id, local, kind }: Span): readonly string[] {
  return [lowHalf(traceId), id, local.service ?? '', local.ipv4 ?? local.ipv6 ?? '', kind ?? '']
}

function moved(
  span: Span,
  shared: ReadonlyMap<SpanId, Holders>,
  ids: ReadonlyMap<Span, SpanId>,
  options: StitchOptions,
): Span {
  const id = ids.get(span) ?? span.id
  const parent = parentOf(span, shared, options)
  const parentId = parent === undefined ? span.parentId : (ids.get(parent) ?? parent.id)
  if (id === span.id && parentId === span.parentId) return span
  const own = id === span.id ? span : without(span, 'shared')
  return repaired(NAME, { ...own, id, ...(parentId === undefined ? {} : { parentId }) }, [span])
}

/** undefined: the parent that it names, if any, is right. */
function parentOf(
  span: Span,
  shared: ReadonlyMap<SpanId, Holders>,
  options: StitchOptions,
): Span | undefined {
  const holders = shared.get(span.id)
  if (holders !== undefined && isCallee(span)) {
    const caller = isCaller(holders.keeper) ? holders.keeper : undefined
    const above = holders.outer.get(span) ?? caller
    if (above !== undefined) return above
  }
  const owners = span.parentId === undefined ? undefined : shared.get(span.parentId)
  return owners && ownerOf(span, owners.all, owners.keeper, options)
}

function notesOf({ all, keeper }: Holders): Note[] {
  const servers = all.filter(isCallee).length
  const usual = isCaller(keeper) && servers === all.length - 1
  const message = usual
    ? `the client's id ${keeper.id} was shared by ${servers} server span(s)`
    : `${all.length} spans have the id ${keeper.id}; all were kept`
  return [{ repair: NAME, level: usual ? 'info' : 'warning', message, spanId: keeper.id }]
}
