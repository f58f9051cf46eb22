import type { TraceIds } from './bare.ts'
import { isId } from './hex.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type { ContextSpanId, ContextTraceId, TraceContext } from './model.ts'
import { sha256 } from './sha256.ts'

/** A trace id that was a free text, and the text where the id alone does not bring it back. */
export type TextTraceIds = TraceIds & Pick<TraceContext, 'rawTraceId'>

/**
 * 32 lower-case hex digits stand for themselves. Any other text becomes the first 128 bits of its
 * SHA-256: the same at every gateway, and no part of the text is taken for random that is not.
 */
export function traceIdOfText(text: string): TextTraceIds | undefined {
  const isPlain = text.length === 32 && isId(text, 0, 32)
  const traceId = parseContextTraceId(isPlain ? text : sha256(text).slice(0, 32))
  if (traceId === undefined) return undefined
  const ids = { traceId, traceIdWidth: hasHighHalf(traceId) ? 128 : 64 } as const
  return isPlain ? ids : { ...ids, rawTraceId: text }
}

/** 16 lower-case hex digits stand for themselves; any other text is hashed together with its trace. */
export function spanIdOfText(text: string, traceId: ContextTraceId): ContextSpanId | undefined {
  const isPlain = text.length === 16 && isId(text, 0, 16)
  return parseContextSpanId(isPlain ? text : sha256(`${traceId} ${text}`).slice(0, 16))
}

/** A bare context with the text that its trace id came from, and what only its format says. */
export function withTexts(
  bare: TraceContext,
  { rawTraceId }: Pick<TraceContext, 'rawTraceId'>,
  vendor: TraceContext['vendor'],
): TraceContext {
  return rawTraceId === undefined ? { ...bare, vendor } : { ...bare, vendor, rawTraceId }
}

/** The text that a trace id came from, or the id itself. */
export function textOfTraceId({ traceId, rawTraceId }: TraceContext): string {
  return rawTraceId ?? traceId
}

/**
 * A text that belongs to one span, as it is kept in `vendor`: `{span id}:{text}`. As soon as
 * somebody has made a span below, it is the text of the span above.
 */
export function ofSpan(spanId: ContextSpanId, text: string): string {
  return `${spanId}:${text}`
}

/** The text kept under a name in `vendor`, and whether it belongs to this span itself. */
export function textOfSpan(
  { vendor, spanId }: TraceContext,
  name: string,
): { readonly text: string; readonly isOwn: boolean } | undefined {
  const kept = vendor[name]
  if (kept === undefined) return undefined
  return { text: kept.slice(17), isOwn: kept.startsWith(`${spanId}:`) }
}
