import type { Metrics } from '../kernel/metrics.ts'
import type { SpanReporterMeters } from './span-reporter.ts'

/** Counters of the reporters of one process; made once, `side` is `legacy` or `mesh`. */
export function spanReporterMetrics(
  metrics: Metrics,
): (side: 'legacy' | 'mesh') => SpanReporterMeters {
  const sent = metrics.counter(
    'isthmus_reporter_spans_sent_total',
    'Spans of the gateway that a collector took',
    ['side'],
  )
  const dropped = metrics.counter(
    'isthmus_reporter_spans_dropped_total',
    'Spans of the gateway that no collector took',
    ['side', 'reason'],
  )
  return (side) => ({
    sent: (spans) => sent.inc({ side }, spans),
    dropped: (spans, reason) => dropped.inc({ side, reason }, spans),
  })
}
