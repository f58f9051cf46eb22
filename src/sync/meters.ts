import type { Metrics } from '../kernel/metrics.ts'
import type { Direction } from './direction.ts'
import type { Mirror } from './mirror.ts'
import type { Outcome } from './reconcile.ts'

/** What sync counts. Labels are directions, registries and outcomes, never services. */
export interface Meters {
  looked(direction: Direction, outcome: Outcome): void
  failed(direction: Direction, code: string): void
  /** What of a direction waits: for its budget, or for the operator. */
  waiting(direction: Direction, paused: number): void
  level(directions: readonly Direction[], mirrors: readonly Mirror[]): void
  identity(registry: string, isHeld: boolean): void
  writer(registry: string, isWriting: boolean): void
}

export function createMeters(metrics: Metrics): Meters {
  const looks = metrics.counter(
    'isthmus_sync_reconciles_total',
    'Looks at a service, by what they came to',
    ['direction', 'registry', 'outcome'],
  )
  const failures = metrics.counter(
    'isthmus_sync_failures_total',
    'Changes that a registry did not take',
    ['direction', 'registry', 'code'],
  )
  const exported = metrics.gauge(
    'isthmus_sync_exported',
    'Services of the target at which something of ours stands',
    ['direction', 'registry'],
  )
  const held = metrics.gauge(
    'isthmus_sync_held',
    'Services of which too much goes at once, so that it waits; by why it would go',
    ['direction', 'registry', 'reason'],
  )
  const paused = metrics.gauge(
    'isthmus_sync_paused',
    'Changes that wait because an operator said so',
    ['direction', 'registry'],
  )
  const complete = metrics.gauge(
    'isthmus_mirror_complete',
    '1 while the local copy of a registry can be vouched for',
    ['registry'],
  )
  const lastRead = metrics.gauge(
    'isthmus_mirror_last_complete_read_timestamp_seconds',
    'When a registry was last read completely, in seconds since 1970',
    ['registry'],
  )
  const identity = metrics.gauge(
    'isthmus_identity_held',
    '1 while this process alone may write a registry under its identity',
    ['registry'],
  )
  const writer = metrics.gauge(
    'isthmus_direct_writer',
    '1 while this process, of all replicas, writes the direct records of a registry',
    ['registry'],
  )
  const lookedOf = perDirection((labels) =>
    perWord((outcome: Outcome) => looks.labels({ ...labels, outcome })),
  )
  const heldOf = perDirection((labels) =>
    perWord((reason: string) => held.labels({ ...labels, reason })),
  )
  const exportedOf = perDirection((labels) => exported.labels(labels))
  const pausedOf = perDirection((labels) => paused.labels(labels))
  const tellHeld = (direction: Direction): void => {
    for (const [reason, count] of direction.parts.budget.heldBy)
      heldOf(direction)(reason).set(count)
  }
  return {
    writer: (registry, isWriting) => writer.set({ registry }, isWriting ? 1 : 0),
    identity: (registry, isHeld) => identity.set({ registry }, isHeld ? 1 : 0),
    looked: (direction, outcome) => lookedOf(direction)(outcome).inc(),
    failed: (direction, code) => failures.inc({ ...labelsOf(direction), code }),
    waiting(direction, changes) {
      tellHeld(direction)
      pausedOf(direction).set(changes)
    },
    level(directions, mirrors) {
      for (const direction of directions) {
        exportedOf(direction).set(direction.exported.size)
        tellHeld(direction)
      }
      for (const { name: registry, state, lastRead: read } of mirrors) {
        complete.set({ registry }, state === 'complete' ? 1 : 0)
        if (read) lastRead.set({ registry }, read.atMs / 1_000)
      }
    },
  }
}

/** One for each word of a closed set, made once. */
function perWord<W extends string, T>(make: (word: W) => T): (word: W) => T {
  const made = new Map<W, T>()
  return (word) => {
    const one = made.get(word) ?? make(word)
    made.set(word, one)
    return one
  }
}

/** One for each direction, made once: to name the labels takes longer than to count. */
function perDirection<T>(make: (labels: Labels) => T): (direction: Direction) => T {
  const made = new WeakMap<Direction, T>()
  return (direction) => {
    const one = made.get(direction) ?? make(labelsOf(direction))
    made.set(direction, one)
    return one
  }
}

type Labels = Readonly<Record<'direction' | 'registry', string>>

/** Which registry is written, from which side. */
function labelsOf({ parts }: Direction): Labels {
  return { direction: parts.name, registry: parts.to.name }
}
