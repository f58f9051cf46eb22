import type { Clock } from '../kernel/clock.ts'
import type { EdgeMetrics } from './edge-metrics.ts'
import type { Endpoint } from './endpoint.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './routes.ts'
import type { GatewaySpan } from './span-reporter.ts'
import type { SpanIds, TraceCrossing } from './trace.ts'
import type { TraceSides } from './trace-side.ts'
import { wayOf } from './way.ts'

export interface CrossingResult {
  /** Absent when no answer was begun. */
  readonly status: number | undefined
  /** A code of ours, where the crossing failed. */
  readonly error: string | undefined
  /** The endpoint tried last. */
  readonly endpoint: Endpoint | undefined
}

/** Times one crossing; the returned function reports its spans, each to its side. */
export function beginSpans(
  { server, client }: TraceCrossing,
  exchange: Exchange,
  route: Route,
  sides: TraceSides,
  clock: Clock,
  metrics: EdgeMetrics,
): (result: CrossingResult) => void {
  if (!server && !client) return () => undefined
  const startUs = Math.round(clock.nowMs() * 1_000)
  const startMs = clock.monotonicMs()
  return (result) => {
    const durationUs = Math.max(1, Math.round((clock.monotonicMs() - startMs) * 1_000))
    const rest = {
      name: exchange.method,
      startUs,
      durationUs,
      tags: tagsOf(exchange, route, result),
    }
    const report = (
      kind: GatewaySpan['kind'],
      ids: SpanIds,
      remote: GatewaySpan['remote'],
    ): void => {
      sides[kind === 'server' ? 'caller' : 'callee'].reporter?.report({
        ...ids,
        kind,
        remote,
        ...rest,
      })
      metrics.spanReported(kind)
    }
    if (server) report('server', server, exchange.caller())
    if (client) report('client', client, { service: route.key.name, ...addressOf(result) })
  }
}

function addressOf({ endpoint }: CrossingResult): { host?: string; port?: number } {
  return endpoint ? { host: endpoint.host, port: endpoint.port } : {}
}

function tagsOf(
  { method, target }: Exchange,
  { direction, keyText }: Route,
  { status, error }: CrossingResult,
): Record<string, string> {
  const failed = error ?? (status !== undefined && status >= 500 ? String(status) : undefined)
  return {
    'http.method': method,
    // Without the query: it may hold what must not be kept.
    'http.path': target.split('?', 1)[0] ?? target,
    ...(status === undefined ? {} : { 'http.status_code': String(status) }),
    ...(failed === undefined ? {} : { error: failed }),
    'isthmus.crossing': wayOf(direction),
    'isthmus.service': keyText,
  }
}
