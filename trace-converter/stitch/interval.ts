import type { Span } from '../span/model.ts'

/** Microseconds since 1970; both ends belong to it. */
export interface Interval {
  readonly startUs: number
  readonly endUs: number
}

/** undefined when the span has no start. An unfinished span is a moment. */
export function intervalOf({ startUs, durationUs }: Span): Interval | undefined {
  return startUs === undefined ? undefined : { startUs, endUs: startUs + (durationUs ?? 0) }
}

/** The smallest interval around all of them; undefined when none has a start. */
export function hullOf(spans: readonly Span[]): Interval | undefined {
  const intervals = spans.flatMap((span) => intervalOf(span) ?? [])
  return intervals.reduce<Interval | undefined>((hull, next) => {
    if (hull === undefined) return next
    const startUs = Math.min(hull.startUs, next.startUs)
    return { startUs, endUs: Math.max(hull.endUs, next.endUs) }
  }, undefined)
}

/** Whether `inner` lies in `outer`, give or take the tolerance at both ends. */
export function contains(outer: Interval, inner: Interval, toleranceUs: number): boolean {
  return inner.startUs >= outer.startUs - toleranceUs && inner.endUs <= outer.endUs + toleranceUs
}

/** Microseconds between them; 0 when they touch. */
export function gapBetween(a: Interval, b: Interval): number {
  return Math.max(0, a.startUs - b.endUs, b.startUs - a.endUs)
}

export function lengthOf({ startUs, endUs }: Interval): number {
  return endUs - startUs
}
