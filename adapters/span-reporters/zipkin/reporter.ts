import { isIPv4, isIPv6 } from 'node:net'
import { Agent, request } from 'undici'
import type zipkin from 'zipkin'
import type {
  GatewaySpan,
  SpanReporter,
  SpanReporterMeters,
} from '../../../src/edge/span-reporter.ts'
import { Batcher, type BatchLimits } from '../../../src/kernel/batcher.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { writtenTraceId } from '../../../trace-converter/context/ids.ts'

export interface ZipkinReporterOptions {
  /** Full URL of the intake, usually …/api/v2/spans. */
  readonly url: string
  /** Name of the gateway's own service. Zipkin lower-cases it. */
  readonly serviceName: string
  readonly log: Log
  readonly meters: SpanReporterMeters
  readonly limits?: Partial<BatchLimits>
}

type Zipkin = typeof zipkin

/** 5,000 spans are about 5 MB. */
const LIMITS: BatchLimits = {
  maxQueued: 5_000,
  maxBatch: 200,
  maxDelayMs: 1_000,
  sendTimeoutMs: 5_000,
  closeTimeoutMs: 3_000,
}

/** Reports to a Zipkin v2 collector, JSON over HTTP. The `zipkin` package is loaded here first. */
export async function openZipkinReporter(options: ZipkinReporterOptions): Promise<SpanReporter> {
  const { default: library } = await import('zipkin')
  const limits = { ...LIMITS, ...options.limits }
  const agent = new Agent({ connections: 1, connectTimeout: limits.sendTimeoutMs })
  const url = new URL(options.url)
  const batcher = new Batcher<GatewaySpan>({
    limits,
    send: (spans, signal) => post(agent, url, encode(library, options.serviceName, spans), signal),
    onSent: (spans) => options.meters.sent(spans),
    onDropped: (spans, reason) => options.meters.dropped(spans, reason),
    log: options.log.child({ reporter: 'zipkin', collector: url.host }),
  })
  return {
    report: (span) => batcher.add(span),
    [Symbol.asyncDispose]: async () => {
      await batcher[Symbol.asyncDispose]()
      await agent.destroy()
    },
  }
}

async function post(agent: Agent, url: URL, body: string, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal })
  await answer.body.dump()
  if (answer.statusCode >= 300) {
    throw new IsthmusError('STORE_REFUSED', `the collector answered ${answer.statusCode}`)
  }
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
  if (hostName(span.remote) !== undefined) made.putTag('peer.hostname', hostName(span.remote) ?? '')
  return made
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
