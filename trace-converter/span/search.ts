import type { Attribute, Span } from './model.ts'
import { tagText } from './model.ts'

/** Half-open: from <= time < to. Microseconds since 1970. */
export interface TimeRange {
  readonly fromUs: number
  readonly toUs: number
}

/** What one span must meet, all of it together. Names are compared without case. */
export interface SpanCondition {
  readonly service?: string
  readonly remoteService?: string
  readonly spanName?: string
  readonly minDurationUs?: number
  /** Inclusive, as `minDurationUs` is. An unfinished span has no duration and meets neither. */
  readonly maxDurationUs?: number
  /**
   * Each: an attribute of the span, its process or one of its events with that key (and that
   * text, if given) or, without a value, an event so named.
   */
  readonly tags?: readonly { readonly key: string; readonly value?: string }[]
}

export function spanMatches(span: Span, condition: SpanCondition): boolean {
  return (
    sameName(span.local.service, condition.service) &&
    sameName(span.remote?.service, condition.remoteService) &&
    sameName(span.name, condition.spanName) &&
    lastsWithin(span.durationUs, condition.minDurationUs, condition.maxDurationUs) &&
    (condition.tags ?? []).every(({ key, value }) => hasTag(span, key, value))
  )
}

/** Start of the trace: that of its earliest span; undefined when no span has one. */
export function firstStartUs(spans: readonly Span[]): number | undefined {
  return startsOf(spans).reduce<number | undefined>(
    (first, start) => (first === undefined || start < first ? start : first),
    undefined,
  )
}

/** Start of the latest span; undefined when no span has one. */
export function lastStartUs(spans: readonly Span[]): number | undefined {
  return startsOf(spans).reduce<number | undefined>(
    (last, start) => (last === undefined || start > last ? start : last),
    undefined,
  )
}

/** Whether some span starts within the range; one without a start counts by `writtenUs`. */
export function startsWithin(
  spans: readonly Span[],
  range: TimeRange,
  writtenUs: number | undefined,
): boolean {
  return spans.some(({ startUs }) => {
    const atUs = startUs ?? writtenUs
    return atUs !== undefined && range.fromUs <= atUs && atUs < range.toUs
  })
}

/** Two ranges that are the range together, cut at a whole millisecond; undefined below two of them. */
export function halve({ fromUs, toUs }: TimeRange): readonly [TimeRange, TimeRange] | undefined {
  const middleUs = Math.floor((fromUs + (toUs - fromUs) / 2) / 1_000) * 1_000
  if (middleUs <= fromUs || middleUs >= toUs) return undefined
  return [
    { fromUs, toUs: middleUs },
    { fromUs: middleUs, toUs },
  ]
}

/** How names are compared: Zipkin stores them in lower case, Jaeger as they came. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/** Every attribute that a search by key looks at. */
export function searchable(span: Span): readonly Attribute[] {
  return [...span.tags, ...span.process, ...span.events.flatMap(({ fields }) => fields)]
}

function startsOf(spans: readonly Span[]): readonly number[] {
  return spans.flatMap(({ startUs }) => (startUs === undefined ? [] : [startUs]))
}

function sameName(name: string | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  return name !== undefined && nameKey(name) === nameKey(wanted)
}

function lastsWithin(
  durationUs: number | undefined,
  minUs: number | undefined,
  maxUs: number | undefined,
): boolean {
  if (minUs === undefined && maxUs === undefined) return true
  return durationUs !== undefined && durationUs >= (minUs ?? 0) && durationUs <= (maxUs ?? Infinity)
}

function hasTag(span: Span, key: string, value: string | undefined): boolean {
  const sameKey = searchable(span).filter((attribute) => attribute.key === key)
  if (value !== undefined) return sameKey.some((attribute) => tagText([attribute], key) === value)
  return sameKey.length > 0 || span.events.some(({ name }) => name === key)
}
