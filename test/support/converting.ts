import { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { JobContext } from '../../trace-converter/job/job.ts'
import { ConvertMetrics } from '../../trace-converter/job/metrics.ts'
import { Seen } from '../../trace-converter/job/seen.ts'
import { stitch } from '../../trace-converter/stitch/pipeline.ts'
import { HeldClock } from './held-clock.ts'
import { BASE_US } from './spans.ts'

export const QUIET_MS = 30_000
export const LATENESS_MS = 3_600_000
export const POLL_MS = 5_000

/** The clock begins ten seconds after the sample spans did. */
function heldClock(): HeldClock {
  return new HeldClock(BASE_US / 1_000 + 10_000)
}

export interface Bench extends JobContext {
  readonly legacy: MemorySpanStore
  readonly mesh: MemorySpanStore
  readonly stitched: MemorySpanStore
  readonly clock: HeldClock
  readonly registry: Metrics['registry']
}

/** A job between three memory stores with a clock that stands still. */
export function bench(changes: Partial<Omit<JobContext, 'stitched'>> = {}): Bench {
  const clock = heldClock()
  const [legacy, mesh, stitched] = ['legacy', 'mesh', 'stitched'].map(
    (name) => new MemorySpanStore({ name, maxSpans: 100_000 }, clock),
  )
  if (!legacy || !mesh || !stitched) throw new TypeError('three stores were made')
  const metrics = new Metrics()
  return {
    legacy,
    mesh,
    stitched,
    registry: metrics.registry,
    from: [legacy, mesh],
    to: stitched,
    checkpoints: stitched,
    stitch: (spans) => stitch(spans),
    seen: new Seen(10_000),
    metrics: new ConvertMetrics(metrics),
    log: silentLog,
    timing: { quietPeriodMs: QUIET_MS, latenessMs: LATENESS_MS, pollMs: POLL_MS },
    ...changes,
    clock,
  }
}
