import type { Loss, Rejection } from '../../trace-converter/context/model.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { wayOf } from './way.ts'

/** How a crossing ended. `2xx` to `5xx` are answers of the endpoint, the others the gateway's own. */
export type Outcome =
  | '2xx'
  | '3xx'
  | '4xx'
  | '5xx'
  | 'invalid'
  | 'unsupported'
  | 'no-endpoint'
  | 'refused'
  | 'timeout'
  | 'reset'
  | 'caller-gone'
  | 'carried'

/** What the edge counts. Labels are from closed sets: ways of crossing, outcomes, formats, reasons. */
export interface EdgeMetrics {
  begun(direction: DirectionName): void
  /** `seconds` from the request's head to the end of the answer. */
  ended(direction: DirectionName, outcome: Outcome, seconds: number): void
  connectFailed(direction: DirectionName): void
  retried(direction: DirectionName): void
  traceRejected(rejection: Rejection): void
  traceLost(loss: Loss): void
  spanReported(kind: 'server' | 'client'): void
  routes(count: number): void
  /** Endpoints of all routes that no registry names any more. */
  formerEndpoints(count: number): void
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

export function edgeMetrics(metrics: Metrics): EdgeMetrics {
  const total = metrics.counter(
    'isthmus_edge_crossings_total',
    'Requests (HTTP) and connections (other protocols) that came to their end',
    ['crossing', 'outcome'],
  )
  const open = metrics.gauge('isthmus_edge_in_flight', 'Crossings under way', ['crossing'])
  const seconds = metrics.histogram(
    'isthmus_edge_crossing_seconds',
    'Time from the head of the request to the end of its answer',
    SECONDS,
    ['crossing'],
  )
  const failures = metrics.counter(
    'isthmus_edge_connect_failures_total',
    'Connections to endpoints that could not be made',
    ['crossing'],
  )
  const retries = metrics.counter(
    'isthmus_edge_retries_total',
    'Crossings sent to another endpoint because the connection failed',
    ['crossing'],
  )
  const rejected = metrics.counter(
    'isthmus_edge_trace_rejected_total',
    'Trace headers that were not taken',
    ['format', 'reason'],
  )
  const lost = metrics.counter(
    'isthmus_edge_trace_lost_total',
    'What contexts held and no format of the other side can say',
    ['what'],
  )
  const spans = metrics.counter('isthmus_edge_spans_total', 'Spans given to a reporter', ['kind'])
  const routes = metrics.gauge('isthmus_edge_routes', 'Services in the route table')
  const former = metrics.gauge(
    'isthmus_edge_former_endpoints',
    'Endpoints that no registry names any more and that are called until that is certain',
  )
  return {
    begun: (direction) => open.inc({ crossing: wayOf(direction) }),
    ended: (direction, outcome, duration) => {
      open.dec({ crossing: wayOf(direction) })
      total.inc({ crossing: wayOf(direction), outcome })
      seconds.observe({ crossing: wayOf(direction) }, duration)
    },
    connectFailed: (direction) => failures.inc({ crossing: wayOf(direction) }),
    retried: (direction) => retries.inc({ crossing: wayOf(direction) }),
    traceRejected: ({ format, reason }) => rejected.inc({ format, reason }),
    traceLost: ({ what }) => lost.inc({ what }),
    spanReported: (kind) => spans.inc({ kind }),
    routes: (count) => routes.set(count),
    formerEndpoints: (count) => former.set(count),
  }
}
