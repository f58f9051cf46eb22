import type { Span } from '../span/model.ts'
import { firstStartUs } from '../span/search.ts'
import type { TimeRange } from '../span/search.ts'

export interface Timing {
  /** A trace is stitched after no new span for so long. */
  readonly quietPeriodMs: number
  /** Spans up to so late re-open their trace. */
  readonly latenessMs: number
  readonly pollMs: number
}

/** One look at the stores: what is read, and the times that say which traces are quiet. */
export interface Window {
  readonly range: TimeRange
  readonly nowUs: number
  /** A trace with a span under way after this is not quiet yet. */
  readonly quietBeforeUs: number
  /** A trace that began before this is stitched although it is not quiet. */
  readonly openSinceUs: number
}

/**
 * From the watermark, or from as far back as late spans may come, to the last moment from which
 * spans can be quiet now.
 */
export function windowAt(
  nowMs: number,
  watermarkUs: number,
  lookBack: boolean,
  timing: Timing,
): Window {
  const quietBeforeUs = (nowMs - timing.quietPeriodMs) * 1_000
  const openSinceUs = quietBeforeUs - timing.latenessMs * 1_000
  const fromUs = Math.min(watermarkUs, lookBack ? openSinceUs : quietBeforeUs)
  const range = { fromUs, toUs: quietBeforeUs }
  return { range, nowUs: nowMs * 1_000, quietBeforeUs, openSinceUs }
}

/** Everything within the range, quiet or not. */
export function wholeWindow(range: TimeRange): Window {
  return { range, nowUs: -Infinity, quietBeforeUs: Infinity, openSinceUs: Infinity }
}

/** Where the first look begins when there is no checkpoint: what may still get late spans. */
export function firstWatermark(nowMs: number, timing: Timing): number {
  return (nowMs - timing.quietPeriodMs - timing.latenessMs) * 1_000
}

/** The next look begins at the first span of what had to wait, else where this one ended. */
export function nextWatermark(window: Window, waitingSinceUs: number | undefined): number {
  const toUs = Math.min(window.range.toUs, waitingSinceUs ?? Infinity)
  return Math.max(toUs, window.openSinceUs)
}

/**
 * Whether more spans are to be expected: some span started or ended within the quiet period. An
 * end after now is a wrong clock and says nothing.
 */
export function isActive(spans: readonly Span[], window: Window): boolean {
  const first = firstStartUs(spans)
  if (first === undefined || first < window.openSinceUs) return false
  return spans.some(({ startUs, durationUs }) => {
    const times = startUs === undefined ? [] : [startUs, startUs + (durationUs ?? 0)]
    return times.some((atUs) => atUs >= window.quietBeforeUs && atUs <= window.nowUs)
  })
}
