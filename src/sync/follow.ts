import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { RegistrySource } from '../registry/ports.ts'
import { backoffMs } from './backoff.ts'
import type { Mirror, MirrorChange } from './mirror.ts'

export interface FollowDeps {
  readonly log: Log
  readonly clock: Clock
  /** Told of every event, after the mirror has taken it in. */
  readonly wake: (change: MirrorChange) => void
}

/** A refused token does not heal by itself; ask seldom. */
const REFUSED_RETRY_MS = 30_000
const RETRY = { firstMs: 200, longestMs: 10_000 }

/**
 * Keeps `mirror` like what `source` reads, until `signal` aborts. Survives all failures of the
 * source: the mirror is stale meanwhile, and the source is asked again after growing pauses.
 */
export async function follow(
  mirror: Mirror,
  source: RegistrySource,
  { log, clock, wake }: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const aborted = (): boolean => signal.aborted
  for (let failures = 0; !aborted(); failures += 1) {
    const readsBefore = mirror.reads
    const failure = await watchOnce(mirror, source, wake, signal)
    if (aborted()) return
    const reason = errorMessage(failure)
    const code = errorCode(failure)
    wake(mirror.apply({ kind: 'stale', reason }))
    if (mirror.reads > readsBefore) failures = 0
    if (failures === 0) {
      log.error({ registry: mirror.name, code, reason }, 'registry cannot be read, will retry')
    }
    const pauseMs = code === 'REGISTRY_REFUSED' ? REFUSED_RETRY_MS : backoffMs(failures, RETRY)
    await clock.sleep(pauseMs, signal).catch(() => undefined)
  }
}

async function watchOnce(
  mirror: Mirror,
  source: RegistrySource,
  wake: (change: MirrorChange) => void,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    for await (const event of source.watch(signal)) wake(mirror.apply(event))
    return 'the watch ended by itself'
  } catch (error) {
    return error
  }
}
