import type { CrossingDeps } from './crossing.ts'
import type { ExchangeLimits } from './deadline.ts'
import { participations, traceSides } from './sides.ts'
import type { EdgeSides, Reporters, TracingOptions } from './sides.ts'

/** What of the limits of traffic can change while the edge is open. */
export interface LiveTraffic extends ExchangeLimits {
  /** As `idleTimeoutMs`, for connections of other protocols. */
  readonly tcpIdleTimeoutMs: number
  readonly drainMs: number
}

/** What of the edge's options can change while it is open. */
export interface LiveEdgeOptions extends Pick<EdgeSides, 'legacy' | 'mesh'> {
  readonly traffic: LiveTraffic
  readonly tracing: TracingOptions
}

interface LiveParts extends Pick<CrossingDeps, 'sides' | 'participations'> {
  readonly traffic: LiveTraffic
}

/** Made ready once, as each exchange reads them. */
export function liveParts(options: LiveEdgeOptions, reporters: Reporters): LiveParts {
  return {
    traffic: options.traffic,
    sides: traceSides(options, reporters),
    participations: participations(options.tracing),
  }
}
