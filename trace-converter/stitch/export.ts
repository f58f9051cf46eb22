import { encodeJaegerTrace } from '../span/jaeger-ui.ts'
import type { Span, Trace } from '../span/model.ts'
import { withOriginals } from '../span/originals.ts'
import { encodeOtlpSpans } from '../span/otlp-json.ts'
import { encodeZipkinSpan } from '../span/zipkin-json.ts'

export type ExportFormat = 'zipkin' | 'jaeger' | 'otlp'

/**
 * Traces as JSON: a list of Zipkin v2 spans (what `/api/v2/spans` takes), an answer of a Jaeger
 * query, or an OTLP request. Repaired spans carry what they were made of, so that reading the
 * file and stitching it again gives the same chains, and `unstitch` what was stored.
 */
export function encodeAs(format: ExportFormat, traces: readonly Trace[]): unknown {
  const whole = traces.map((trace) => ({ ...trace, spans: trace.spans.map(withOriginals) }))
  return encodeStored(format, whole)
}

/** The same without the provenance: spans as a store of that format would answer them. */
export function encodeStored(format: ExportFormat, traces: readonly Trace[]): unknown {
  const spans: readonly Span[] = traces.flatMap((trace) => trace.spans)
  switch (format) {
    case 'zipkin':
      return spans.map(encodeZipkinSpan)
    case 'jaeger': {
      const data = traces.map(encodeJaegerTrace)
      return { data, total: data.length, limit: 0, offset: 0, errors: null }
    }
    case 'otlp':
      return encodeOtlpSpans(spans)
  }
}
