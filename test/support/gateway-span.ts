import type { GatewaySpan, SpanReporterMeters } from '../../src/edge/span-reporter.ts'
import { parseContextSpanId, parseContextTraceId } from '../../trace-converter/context/ids.ts'

/** A finished client span, changed as the case wants it; `index` makes its id. */
export function gatewaySpan({
  index = 1,
  root = false,
  ...changes
}: Partial<GatewaySpan> & { readonly index?: number; readonly root?: boolean } = {}): GatewaySpan {
  const traceId = parseContextTraceId('80f198ee56343ba864fe8b2a57d3eff7')
  const id = parseContextSpanId(index.toString(16))
  const parentId = parseContextSpanId('e457b5a2e4d86bd1')
  if (!traceId || !id || !parentId) throw new TypeError('not an id')
  return {
    traceId,
    traceIdWidth: 128,
    id,
    ...(root ? {} : { parentId }),
    kind: 'client',
    sampling: 'accept',
    name: 'GET',
    startUs: 1_763_712_000_123_457,
    durationUs: 1_501,
    remote: { service: 'orders', host: '10.1.2.3', port: 8080 },
    tags: { 'http.method': 'GET', 'http.status_code': '200' },
    ...changes,
  }
}

/** Adds up what a reporter counts. */
export class TestMeters implements SpanReporterMeters {
  sentSpans = 0
  readonly drops: Record<string, number> = {}

  get droppedSpans(): number {
    return Object.values(this.drops).reduce((sum, spans) => sum + spans, 0)
  }

  sent(spans: number): void {
    this.sentSpans += spans
  }

  dropped(spans: number, reason: string): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + spans
  }
}
