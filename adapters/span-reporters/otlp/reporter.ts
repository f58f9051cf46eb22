import {
  batchedReporter,
  batchLimits,
  type SpanReporterOptions,
} from '../../../src/edge/batched-reporter.ts'
import type { SpanReporter } from '../../../src/edge/span-reporter.ts'
import { HttpPost } from '../../../src/kernel/http-post.ts'
import { encodeOtlpSpans } from '../../../trace-converter/span/otlp-json.ts'
import { toSpan } from './gateway-span.ts'

/** Reports to an OTLP intake, usually …/v1/traces: JSON over HTTP. */
export function openOtlpReporter(options: SpanReporterOptions): SpanReporter {
  const { serviceName } = options
  const post = new HttpPost(new URL(options.url), batchLimits(options).sendTimeoutMs)
  return batchedReporter('otlp', options, {
    send: async (spans, signal) => {
      const traces = encodeOtlpSpans(spans.flatMap((span) => toSpan(span, serviceName)))
      const answer = await post.send(JSON.stringify(traces), signal)
      return Math.min(refusedSpans(answer), spans.length)
    },
    close: () => post[Symbol.asyncDispose](),
  })
}

/** `{"partialSuccess":{"rejectedSpans":"2"}}`: a number, or its text as protobuf JSON has it. */
function refusedSpans(answer: string): number {
  const [, digits = '0'] = /"rejectedSpans"\s*:\s*"?(\d{1,9})/.exec(answer) ?? []
  return Number(digits)
}
