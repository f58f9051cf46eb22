import type { Span } from '../span/model.ts'
import { sortSpans, sortTexts } from './order.ts'

/**
 * A repaired span: `next` is what became of `spans`, which it remembers as they were stored. Every
 * change goes through here, so every change can be undone.
 */
export function repaired(repair: string, next: Span, spans: readonly Span[]): Span {
  const repairs = spans.flatMap((span) => span.provenance.repairs)
  const stores = spans.flatMap((span) => span.provenance.stores)
  return {
    ...next,
    provenance: {
      stores: sortTexts(stores),
      format: next.provenance.format,
      originals: originalsOf(spans),
      repairs: [...new Set([...repairs, repair])],
    },
  }
}

/** Spans as they were stored, in canonical order. */
export function originalsOf(spans: readonly Span[]): readonly Span[] {
  return sortSpans(spans.flatMap((span) => span.provenance.originals ?? [span]))
}

/** The same span with a remark for people on it. */
export function warned(span: Span, warning: string): Span {
  return { ...span, warnings: [...span.warnings, warning] }
}
