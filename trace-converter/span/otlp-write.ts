import { textAttribute } from './attribute.ts'
import { present } from './json.ts'
import type { Attribute, Span, SpanEvent, SpanLink } from './model.ts'
import { joinNanos } from './nanos.ts'
import { peerAttributes } from './otlp-endpoint.ts'
import { DROPPED_COUNTS } from './otlp-read.ts'
import { writeOtlpAttribute } from './otlp-value.ts'
import type { OtlpEvent, OtlpLink, OtlpSpan } from './otlp-wire.ts'
import { OTLP_KINDS, OTLP_STATUS_CODES } from './otlp-wire.ts'
import { TagBag, intOf } from './tag-bag.ts'

/** `carried`: further attributes, for what OTLP lacks. */
export function writeOtlpSpan(span: Span, carried: readonly Attribute[]): OtlpSpan {
  const bag = new TagBag(span.tags)
  const dropped = {
    droppedAttributesCount: bag.take(DROPPED_COUNTS.droppedAttributesCount, positiveOf),
    droppedEventsCount: bag.take(DROPPED_COUNTS.droppedEventsCount, positiveOf),
    droppedLinksCount: bag.take(DROPPED_COUNTS.droppedLinksCount, positiveOf),
  }
  const attributes = [...bag.rest, ...peerAttributes(span.remote, span.tags), ...carried]
  return present<OtlpSpan>({
    traceId: span.traceId,
    spanId: span.id,
    traceState: span.tracestate,
    parentSpanId: span.parentId,
    flags: span.provenance.format === 'otlp' ? span.flags : undefined,
    name: span.name ?? '',
    kind: span.kind === undefined ? 0 : OTLP_KINDS[span.kind],
    ...writeTimes(span),
    ...dropped,
    attributes: attributes.map(writeOtlpAttribute),
    events: span.events.map(writeEvent),
    links: span.links.map(writeLink),
    status: writeStatus(span),
  })
}

function writeTimes(
  span: Span,
): Record<'startTimeUnixNano' | 'endTimeUnixNano', string | undefined> {
  const { startUs, startNs, durationUs, durationNs } = span
  if (startUs === undefined) return { startTimeUnixNano: undefined, endTimeUnixNano: undefined }
  const start = joinNanos(startUs, startNs)
  const end = durationUs === undefined ? undefined : start + joinNanos(durationUs, durationNs)
  return { startTimeUnixNano: start.toString(), endTimeUnixNano: end?.toString() }
}

function writeEvent({ timeUs, timeNs, name, fields }: SpanEvent): OtlpEvent {
  const timeUnixNano = joinNanos(timeUs, timeNs).toString()
  return { timeUnixNano, name: name ?? '', attributes: fields.map(writeOtlpAttribute) }
}

function writeLink({ traceId, spanId, kind, tracestate, attributes }: SpanLink): OtlpLink {
  const type = kind === 'child-of' ? 'child_of' : 'follows_from'
  const typed = kind === 'link' ? [] : [textAttribute('opentracing.ref_type', type)]
  return present<OtlpLink>({
    traceId,
    spanId,
    traceState: tracestate,
    attributes: [...typed, ...attributes].map(writeOtlpAttribute),
  })
}

function writeStatus({ status }: Span): OtlpSpan['status'] {
  if (status === undefined) return {}
  return present<OtlpSpan['status']>({
    code: OTLP_STATUS_CODES[status.code],
    message: status.message,
  })
}

function positiveOf(value: Attribute['value']): number | undefined {
  const count = intOf(value)
  return count !== undefined && count > 0 ? count : undefined
}
