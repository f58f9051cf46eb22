import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Registry } from '../registry/ports.ts'
import type { Lane } from './lane.ts'

export interface ShowingParts {
  readonly registry: Pick<Registry, 'name' | 'presence'>
  /** What is written there. */
  readonly lanes: readonly Pick<Lane, 'answered'>[]
  /** Whether every registry has been read completely once. */
  readonly ready: () => boolean
  readonly log: Log
  readonly clock: Clock
}

const LOOK_MS = 100
/** One service for which no port can be had is not to keep all others hidden. */
const LONGEST_MS = 15_000

/**
 * Shows again what an earlier stop has hidden in one registry, once callers are answered there: a
 * port opens when both sides have been read, which an outage of one of them puts off.
 */
export async function showOnceAnswered(parts: ShowingParts, signal: AbortSignal): Promise<void> {
  const { registry, log } = parts
  await answered(parts, signal)
  try {
    if (!signal.aborted) await registry.presence.show(signal)
  } catch (error) {
    if (signal.aborted) return
    const fields = {
      registry: registry.name,
      code: errorCode(error),
      reason: errorMessage(error),
    }
    log.error(fields, 'entries could not be shown again')
  }
}

async function answered({ lanes, ready, clock }: ShowingParts, signal: AbortSignal): Promise<void> {
  let readyMs: number | undefined
  while (!signal.aborted) {
    if (ready()) {
      readyMs ??= clock.monotonicMs()
      if (lanes.every((lane) => lane.answered())) return
      if (clock.monotonicMs() - readyMs >= LONGEST_MS) return
    }
    await clock.sleep(LOOK_MS, signal).catch(() => undefined)
  }
}
