import type { Metrics } from '../kernel/metrics.ts'
import type { TraceMemoryMeters } from './trace-memory.ts'

export function traceMemoryMetrics(metrics: Metrics): TraceMemoryMeters {
  const recalls = metrics.counter(
    'isthmus_trace_memory_recalls_total',
    'Contexts looked up: found by their span, its parent or the trace alone; ambiguous; or a miss, as every trace that begins on that side is',
    ['side', 'outcome'],
  )
  const evictions = metrics.counter(
    'isthmus_trace_memory_evictions_total',
    'What was forgotten, by the limit that it exceeded',
    ['reason'],
  )
  const entries = metrics.gauge('isthmus_trace_memory_entries', 'Contexts remembered')
  const bytes = metrics.gauge('isthmus_trace_memory_bytes', 'Estimated size of what is remembered')
  return {
    recalled: (side, outcome) => recalls.inc({ side, outcome }),
    evicted: (reason) => evictions.inc({ reason }),
    held: (count, size) => {
      entries.set(count)
      bytes.set(size)
    },
  }
}
