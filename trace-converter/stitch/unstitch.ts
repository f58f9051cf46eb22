import { canonicalJson } from '../span/canonical.ts'
import type { Span, Trace } from '../span/model.ts'
import { originalsOf } from './change.ts'

/** The spans that a stitched trace was made of, as they were stored: canonical order, each once. */
export function unstitch(trace: Trace): readonly Span[] {
  return asStored(trace.spans)
}

/** Undoes every repair in spans; what was never repaired stays. Repeated deliveries become one. */
export function asStored(spans: readonly Span[]): readonly Span[] {
  const byContent = new Map(originalsOf(spans).map((span) => [canonicalJson(span), span]))
  return [...byContent.values()]
}
