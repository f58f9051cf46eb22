import type { TraceId } from '../../trace-converter/span/ids.ts'
import { linkDependencies } from '../../trace-converter/stitch/dependencies.ts'
import type { Dependency, SpanReader, TimeRange } from '../../trace-converter/store.ts'

/** Calls between services over every trace that began in `range`, sorted by parent, then child. */
export async function countDependencies(
  reader: SpanReader,
  range: TimeRange,
  signal: AbortSignal,
): Promise<readonly Dependency[]> {
  const seen = new Set<TraceId>()
  const totals = new Map<string, Dependency>()
  for await (const traces of reader.scan(range, signal)) {
    for (const trace of traces) {
      if (seen.has(trace.traceId)) continue // a scan may bring a trace twice
      seen.add(trace.traceId)
      for (const link of linkDependencies(trace)) {
        const key = JSON.stringify([link.parent, link.child])
        const total = totals.get(key)
        totals.set(key, {
          parent: link.parent,
          child: link.child,
          callCount: link.callCount + (total?.callCount ?? 0),
          errorCount: link.errorCount + (total?.errorCount ?? 0),
        })
      }
    }
  }
  return [...totals.keys()].sort().flatMap((key) => totals.get(key) ?? [])
}
