import { canonicalJson, compareText } from '../span/canonical.ts'
import type { Note, Span, Trace } from '../span/model.ts'

/**
 * The canonical order of spans: by start (those without one last), then id, then content. Equal
 * only when the spans are equal, so the order in which spans came never shows.
 */
export function sortSpans(spans: readonly Span[]): readonly Span[] {
  return [...spans].sort(compareSpans)
}

export function compareSpans(a: Span, b: Span): number {
  return (
    compareStart(a.startUs, b.startUs) ||
    compareText(a.id, b.id) ||
    compareText(canonicalJson(a), canonicalJson(b))
  )
}

export function sortTraces(traces: readonly Trace[]): readonly Trace[] {
  return [...traces].sort((a, b) => compareText(a.traceId, b.traceId))
}

/** Sorted, each once. */
export function sortNotes(notes: readonly Note[]): readonly Note[] {
  const byText = new Map(notes.map((note) => [noteKey(note), note]))
  return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, note]) => note)
}

/** Sorted, each once. */
export function sortTexts<T extends string>(texts: Iterable<T>): readonly T[] {
  return [...new Set(texts)].sort(compareText)
}

function noteKey({ repair, spanId, message }: Note): string {
  return JSON.stringify([repair, spanId ?? '', message])
}

function compareStart(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  return b === undefined ? -1 : a - b
}
