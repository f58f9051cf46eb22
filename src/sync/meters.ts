import type { Metrics } from '../kernel/metrics.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { Direction } from './direction.ts'
import type { Mirror } from './mirror.ts'
import type { Outcome } from './reconcile.ts'

/** What sync counts. Labels are directions, registries and outcomes, never services. */
export interface Meters {
  looked(direction: DirectionName, outcome: Outcome): void
  failed(direction: DirectionName, code: string): void
  level(directions: readonly Direction[], mirrors: readonly Mirror[]): void
}

export function createMeters(metrics: Metrics): Meters {
  const looks = metrics.counter(
    'isthmus_sync_reconciles_total',
    'Looks at a service, by what they came to',
    ['direction', 'outcome'],
  )
  const failures = metrics.counter(
    'isthmus_sync_failures_total',
    'Changes that a registry did not take',
    ['direction', 'code'],
  )
  const exported = metrics.gauge(
    'isthmus_sync_exported',
    'Services of the target at which something of ours stands',
    ['direction'],
  )
  const held = metrics.gauge(
    'isthmus_sync_held',
    'Withdrawals that wait because there are too many at once',
    ['direction'],
  )
  const complete = metrics.gauge(
    'isthmus_mirror_complete',
    '1 while the local copy of a registry can be vouched for',
    ['registry'],
  )
  return {
    looked: (direction, outcome) => looks.inc({ direction, outcome }),
    failed: (direction, code) => failures.inc({ direction, code }),
    level(directions, mirrors) {
      for (const { parts, exported: services } of directions) {
        exported.set({ direction: parts.name }, services.size)
        held.set({ direction: parts.name }, parts.budget.heldCount)
      }
      for (const { name, state } of mirrors) {
        complete.set({ registry: name }, state === 'complete' ? 1 : 0)
      }
    },
  }
}
