import { isIPv4, isIPv6 } from 'node:net'
import type zipkin from 'zipkin'
import {
  batchedReporter,
  batchLimits,
  type SpanReporterOptions,
} from '../../../src/edge/batched-reporter.ts'
import type { GatewaySpan, SpanLink, SpanReporter } from '../../../src/edge/span-reporter.ts'
import { HttpPost } from '../../../src/kernel/http-post.ts'
import { writtenTraceId } from '../../../trace-converter/context/ids.ts'

type Zipkin = typeof zipkin

/**
 * Reports to a Zipkin v2 collector, usually …/api/v2/spans: JSON over HTTP. Zipkin lower-cases
 * the service's name. The `zipkin` package is loaded here first.
 */
export async function openZipkinReporter(options: SpanReporterOptions): Promise<SpanReporter> {
  const { default: library } = await import('zipkin')
  const post = new HttpPost(new URL(options.url), batchLimits(options).sendTimeoutMs)
  return batchedReporter('zipkin', options, {
    send: async (spans, signal) => {
      await post.send(encode(library, options.serviceName, spans), signal)
      return 0
    },
    close: () => post[Symbol.asyncDispose](),
  })
}

function encode(library: Zipkin, serviceName: string, spans: readonly GatewaySpan[]): string {
  const local = new library.model.Endpoint({ serviceName })
  const { JSON_V2 } = library.jsonEncoder
  return `[${spans.map((span) => JSON_V2.encode(toZipkin(library, local, span))).join(',')}]`
}

function toZipkin(
  { model, option, TraceId }: Zipkin,
  local: zipkin.model.Endpoint,
  span: GatewaySpan,
): zipkin.model.Span {
  const ids = new TraceId({
    traceId: writtenTraceId(span, span.traceIdWidth),
    spanId: span.id,
    parentId: span.parentId === undefined ? option.None : new option.Some(span.parentId),
    debug: span.sampling === 'debug',
  })
  const made = new model.Span(ids)
  made.setName(span.name)
  made.setKind(span.kind === 'server' ? 'SERVER' : 'CLIENT')
  made.setTimestamp(span.startUs)
  made.setDuration(span.durationUs)
  made.setLocalEndpoint(local)
  made.setRemoteEndpoint(remoteEndpoint(model, span.remote))
  for (const [key, value] of Object.entries(span.tags)) made.putTag(key, value)
  const host = hostName(span.remote)
  if (host !== undefined) made.putTag('peer.hostname', host)
  if (span.links !== undefined) made.putTag(LINKS, JSON.stringify(span.links.map(writtenLink)))
  return made
}

/** Zipkin has no links; under this name the converter puts them back (docs/span-formats.md). */
const LINKS = 'isthmus.links'

function writtenLink({ traceId, spanId, reason }: SpanLink): object {
  const attributes = [{ key: 'reason', value: { type: 'string', value: reason } }]
  return { attributes, kind: 'link', spanId, traceId }
}

/** The package's Endpoint knows no ipv6, which Zipkin's format has; its encoder copies what is there. */
function remoteEndpoint(
  { Endpoint }: Zipkin['model'],
  { service, host = '', port }: GatewaySpan['remote'],
): zipkin.model.Endpoint {
  const endpoint = new Endpoint({
    ...(service === undefined ? {} : { serviceName: service }),
    ...(isIPv4(host) ? { ipv4: host } : {}),
    ...(port === undefined ? {} : { port }),
  })
  return isIPv6(host) ? Object.assign(endpoint, { ipv6: host }) : endpoint
}

/** An endpoint has addresses only; a name is kept as a tag. */
function hostName({ host }: GatewaySpan['remote']): string | undefined {
  return host === undefined || isIPv4(host) || isIPv6(host) ? undefined : host
}
