import { isIPv4, isIPv6 } from 'node:net'
import type { GatewaySpan, SpanLink } from '../../../src/edge/span-reporter.ts'
import { writtenTraceId } from '../../../trace-converter/context/ids.ts'

/** The fields of jaeger-client's Span that its thrift conversion reads. */
export interface FinishedSpan {
  readonly _spanContext: {
    /** 8 or 16 bytes. */
    readonly traceId: Buffer
    readonly spanId: Buffer
    readonly parentId: Buffer | null
    readonly flags: number
  }
  readonly _operationName: string
  readonly _references: readonly Reference[]
  /** Milliseconds; multiplied by 1000 and cut to whole microseconds. */
  readonly _startTime: number
  readonly _duration: number
  readonly _tags: readonly { readonly key: string; readonly value: string | number | boolean }[]
  readonly _logs: readonly never[]
}

/** OpenTracing's, as far as it is read. */
interface Reference {
  readonly type: () => string
  readonly referencedContext: () => { readonly traceId: Buffer; readonly spanId: Buffer }
}

const SAMPLED = 1
const DEBUG = 2

/** All ids and both decisions fit: the ids are bytes of either width, debug is flag 2. */
export function toFinishedSpan(span: GatewaySpan): FinishedSpan {
  return {
    _spanContext: {
      traceId: Buffer.from(writtenTraceId(span, span.traceIdWidth), 'hex'),
      spanId: Buffer.from(span.id, 'hex'),
      parentId: span.parentId === undefined ? null : Buffer.from(span.parentId, 'hex'),
      flags: span.sampling === 'debug' ? SAMPLED | DEBUG : SAMPLED,
    },
    _operationName: span.name,
    _references: (span.links ?? []).map(referenceOf),
    _startTime: exactMs(span.startUs),
    _duration: exactMs(span.durationUs),
    _tags: [{ key: 'span.kind', value: span.kind }, ...peerTags(span.remote), ...ownTags(span)],
    _logs: [],
  }
}

/** What ended here is what this follows from; Jaeger has no place for the reason. */
function referenceOf({ traceId, spanId }: SpanLink): Reference {
  const context = { traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from(spanId, 'hex') }
  return { type: () => 'follows_from', referencedContext: () => context }
}

/**
 * Milliseconds that, times 1000 and cut to an integer, give `us` again: six durations in a
 * thousand would otherwise come out a microsecond short.
 */
export function exactMs(us: number): number {
  const ms = us / 1_000
  return ms * 1_000 < us ? ms * (1 + Number.EPSILON) : ms
}

type Tags = FinishedSpan['_tags']

/** OpenTracing's names for the other end. */
function peerTags({ service, host, port }: GatewaySpan['remote']): Tags {
  return [
    ...(service === undefined ? [] : [{ key: 'peer.service', value: service }]),
    ...(host === undefined ? [] : [{ key: hostKey(host), value: host }]),
    ...(port === undefined ? [] : [{ key: 'peer.port', value: port }]),
  ]
}

function hostKey(host: string): string {
  if (isIPv4(host)) return 'peer.ipv4'
  return isIPv6(host) ? 'peer.ipv6' : 'peer.hostname'
}

/** Zipkin's `error` is a text; Jaeger marks a span as failed where it is the boolean true. */
function ownTags({ tags }: GatewaySpan): Tags {
  return Object.entries(tags).flatMap(([key, value]) =>
    key === 'error'
      ? [
          { key, value: true },
          { key: 'error.kind', value },
        ]
      : [{ key, value }],
  )
}
