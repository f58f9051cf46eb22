import { isIPv4, isIPv6 } from 'node:net'
import type { GatewaySpan } from '../../../src/edge/span-reporter.ts'
import { textAttribute } from '../../../trace-converter/span/attribute.ts'
import { parseSpanId, parseTraceId } from '../../../trace-converter/span/ids.ts'
import type { Endpoint, Span, SpanLink } from '../../../trace-converter/span/model.ts'

/** The span as the converter knows it, whose OTLP encoder writes it; nothing when its id is none. */
export function toSpan(span: GatewaySpan, serviceName: string): readonly Span[] {
  const traceId = parseTraceId(span.traceId)
  const id = parseSpanId(span.id)
  const parentId = span.parentId === undefined ? undefined : parseSpanId(span.parentId)
  if (traceId === undefined || id === undefined) return []
  const { error, ...tags } = span.tags
  const host = hostName(span.remote)
  return [
    {
      traceId,
      traceIdWidth: span.traceIdWidth === 64 ? 16 : 32,
      id,
      ...(parentId === undefined ? {} : { parentId }),
      kind: span.kind,
      ...(span.sampling === 'debug' ? { debug: true } : {}),
      name: span.name,
      startUs: span.startUs,
      durationUs: span.durationUs,
      local: { service: serviceName },
      process: [],
      ...remoteOf(span.remote),
      tags: [
        ...Object.entries(tags).map(([key, value]) => textAttribute(key, value)),
        ...(host === undefined ? [] : [textAttribute('server.address', host)]),
      ],
      events: [],
      links: (span.links ?? []).flatMap(linkOf),
      ...(error === undefined ? {} : { status: { code: 'error', message: error } }),
      warnings: [],
      provenance: { stores: [], format: 'otlp', repairs: [] },
    },
  ]
}

function linkOf(link: NonNullable<GatewaySpan['links']>[number]): readonly SpanLink[] {
  const traceId = parseTraceId(link.traceId)
  const spanId = parseSpanId(link.spanId)
  if (traceId === undefined || spanId === undefined) return []
  return [{ traceId, spanId, kind: 'link', attributes: [textAttribute('reason', link.reason)] }]
}

function remoteOf({ service, host = '', port }: GatewaySpan['remote']): { remote?: Endpoint } {
  const remote: Endpoint = {
    ...(service === undefined ? {} : { service }),
    ...(isIPv4(host) ? { ipv4: host } : {}),
    ...(isIPv6(host) ? { ipv6: host } : {}),
    ...(port === undefined ? {} : { port }),
  }
  return Object.keys(remote).length === 0 ? {} : { remote }
}

/** An endpoint has addresses only; a name is an attribute. */
function hostName({ host }: GatewaySpan['remote']): string | undefined {
  return host === undefined || isIPv4(host) || isIPv6(host) ? undefined : host
}
