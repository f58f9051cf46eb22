import { isRandomId } from '../span/ends.ts'
import type { SpanId } from '../span/ids.ts'
import { lowHalf, parseSpanId } from '../span/ids.ts'
import type { Span } from '../span/model.ts'
import { hullOf, gapBetween, intervalOf } from './interval.ts'
import { isCallee, isCaller } from './kind.ts'
import type { StitchOptions } from './options.ts'

/**
 * Whether `parent`, a span of another trace, is the parent of `child`: it has the id that the
 * child names (or shares, as the server of that client), and the child began in its time. That
 * the id occurs in no third trace is for the caller to see to.
 */
export function isEdge(parent: Span, child: Span, options: StitchOptions): boolean {
  const named = child.parentId === parent.id
  const shared = child.id === parent.id && isCaller(parent) && isCallee(child)
  return (named || shared) && isUnlikelyByChance(parent, child) && isInTime(parent, child, options)
}

/**
 * The id that a span must find in another trace to hang under it: its parent's, or its own where
 * it says that it shares its client's and names no parent. undefined when it needs none.
 */
export function wantedId(span: Span, ownIds: ReadonlySet<SpanId>): SpanId | undefined {
  const { id, parentId, shared } = span
  if (parentId === undefined) return shared === true && isCallee(span) ? id : undefined
  return ownIds.has(parentId) ? undefined : parentId
}

/**
 * Whether two parts, one under the short form of the other's id, are one trace by that alone: the
 * 64 bits do not repeat by chance, and the parts lie near enough in time.
 */
export function areOneByShortId(
  a: readonly Span[],
  b: readonly Span[],
  options: StitchOptions,
): boolean {
  const id = a[0] && parseSpanId(lowHalf(a[0].traceId))
  if (id === undefined || !isRandomId(id)) return false
  const left = hullOf(a)
  const right = hullOf(b)
  if (left === undefined || right === undefined) return true
  return gapBetween(left, right) <= options.joinWindowUs
}

/** With the same right half of the trace id a small span id is evidence enough. */
function isUnlikelyByChance(parent: Span, child: Span): boolean {
  return lowHalf(parent.traceId) === lowHalf(child.traceId) || isRandomId(parent.id)
}

/** What is handed over through a queue begins after its producer has ended, at any time. */
function isInTime(parent: Span, child: Span, options: StitchOptions): boolean {
  const around = intervalOf(parent)
  if (around === undefined || child.startUs === undefined) return false
  const queued = parent.kind === 'producer' || child.kind === 'consumer'
  const graceUs = queued ? options.joinWindowUs : options.skewBoundUs
  const sinceUs = around.startUs - options.skewBoundUs
  return child.startUs >= sinceUs && child.startUs <= around.endUs + graceUs
}
