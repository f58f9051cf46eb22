import type { Clock } from '../kernel/clock.ts'
import { IsthmusError, isRetryable } from '../kernel/errors.ts'
import { choose, type Random } from './balance.ts'
import type { EdgeMetrics } from './edge-metrics.ts'
import type { Endpoint } from './endpoint.ts'
import type { Route } from './routes.ts'

/** More would turn one failing service into a storm of connections. */
const MAX_ENDPOINTS = 3

export interface AttemptDeps {
  readonly metrics: EdgeMetrics
  readonly random: Random
  readonly clock: Clock
}

/**
 * Runs `attempt` with an endpoint of the route, and with another one as long as it rejects with
 * `retry: true`: the connection failed before anything was sent. Rejects with the last failure,
 * or NO_ENDPOINT when the route has none.
 */
export async function onSomeEndpoint<T>(
  route: Route,
  deps: AttemptDeps,
  signal: AbortSignal,
  attempt: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  const { metrics, random, clock } = deps
  const tried = new Set<Endpoint>()
  const failures: unknown[] = []
  while (tried.size < MAX_ENDPOINTS) {
    const endpoint = choose(route.targets, tried, clock.monotonicMs(), random)
    if (!endpoint) break
    if (tried.size > 0) metrics.retried(route.direction)
    tried.add(endpoint)
    endpoint.load.inFlight += 1
    try {
      return await attempt(endpoint)
    } catch (error) {
      if (!isRetryable(error) || signal.aborted) throw error
      metrics.connectFailed(route.direction)
      endpoint.load.failedMs = clock.monotonicMs()
      failures.push(error)
    } finally {
      endpoint.load.inFlight -= 1
    }
  }
  // Made only now: an error captures its stack, too dear for each request that does not need it.
  if (failures.length === 0) throw new IsthmusError('NO_ENDPOINT', 'the service has no endpoint')
  throw failures.at(-1)
}
