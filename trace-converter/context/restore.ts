import { STANDARD_FORMATS, type Formats } from './formats.ts'
import { hasHighHalf } from './ids.ts'
import { lossesOf } from './losses.ts'
import { isSameTrace } from './merge.ts'
import type { ContextSpanId, TraceContext } from './model.ts'
import { restoredBaggage } from './restore-baggage.ts'
import { refineSampling } from './sampling.ts'

/**
 * The context that came back from a side, with what its format could not say put back: `told` is
 * what that side was given, before its format cut it. What the format can say is believed as it
 * came, since somebody may have changed it on purpose. Another trace: unchanged.
 */
export function restoreContext(
  returned: TraceContext,
  told: TraceContext,
  traceIdBits: 64 | 128,
  formats: Formats = STANDARD_FORMATS,
): TraceContext {
  if (!isSameTrace(returned, told)) return returned
  const losses = lossesOf(told, [returned.source], traceIdBits, formats)
  const lost: ReadonlySet<string> = new Set(losses.map(({ what }) => what))
  const isWhole = hasHighHalf(returned.traceId) || !hasHighHalf(told.traceId)
  const random = returned.random ?? told.random
  const rawTraceId = returned.rawTraceId ?? told.rawTraceId
  return {
    ...returned,
    traceId: isWhole ? returned.traceId : told.traceId,
    traceIdWidth: told.traceIdWidth,
    ...(rawTraceId === undefined ? {} : { rawTraceId }),
    parent: restoredParent(returned, told),
    sampling: hasDecisions(returned, formats)
      ? restoredSampling(returned, told, lost)
      : told.sampling,
    firehose: returned.firehose || (told.firehose && isCoarse(returned, lost, 'firehose')),
    ...(random === undefined ? {} : { random }),
    tracestate:
      lost.has('tracestate') && returned.tracestate.length === 0
        ? told.tracestate
        : returned.tracestate,
    baggage: restoredBaggage(returned, told, lost.has('baggage'), formats),
    vendor: saysVendor(lost) ? { ...told.vendor, ...returned.vendor } : returned.vendor,
  }
}

/** A service that made a span of its own has another parent. */
function restoredParent(returned: TraceContext, told: TraceContext): TraceContext['parent'] {
  const isSaid = isSpanId(returned.parent)
  return !isSaid && returned.spanId === told.spanId ? told.parent : returned.parent
}

function isSpanId(parent: TraceContext['parent']): parent is ContextSpanId {
  return parent !== 'root' && parent !== 'unknown'
}

/** Of a format without a word for any of them, what was told is the last that is known. */
function hasDecisions({ source }: TraceContext, formats: Formats): boolean {
  return formats.codec(source).carries.decision !== 'lost'
}

/** Only where the format had no word for it: B3 that says 0 where it was told nothing has decided. */
function restoredSampling(
  returned: TraceContext,
  told: TraceContext,
  lost: ReadonlySet<string>,
): TraceContext['sampling'] {
  const { sampling } = told
  if (sampling !== 'defer' && sampling !== 'debug') return returned.sampling
  return isCoarse(returned, lost, sampling)
    ? refineSampling(returned.sampling, sampling)
    : returned.sampling
}

/** W3C has no word of its own either: tracestate may have been dropped on the way. */
function isCoarse({ source }: TraceContext, lost: ReadonlySet<string>, aspect: string): boolean {
  return source === 'w3c' || lost.has(aspect)
}

/** Fields of one vendor's format that this one has no place for. */
function saysVendor(lost: ReadonlySet<string>): boolean {
  for (const what of lost) {
    if (what.endsWith('-fields') || what === 'debug-id') return true
  }
  return false
}
