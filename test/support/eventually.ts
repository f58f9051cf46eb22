import { setTimeout as delay } from 'node:timers/promises'
import { told, within } from './within.ts'

/** At first, for what comes at once; less often the longer it takes: looks need the processor too. */
const LOOK_EVERY_MS = 5
const LOOK_AT_LEAST_EVERY_MS = 50
/** Of the time that has passed: by so much a look may come late. */
const LATE_BY = 0.02
/** What is looked at when the time is over may be slow, but must answer. */
const LAST_LOOK_MS = 5_000

/**
 * Resolves with what `look` returns as soon as that is neither undefined nor false; fails with
 * `what` after `timeoutMs`, also when a look does not end.
 */
export async function eventually<T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const beganMs = performance.now()
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(beganMs + timeoutMs - performance.now()))
    const hung = (): string => `a look that ends, for this: ${told(what)}`
    const seen = await within(hung, Promise.resolve(look()), leftMs + LAST_LOOK_MS)
    if (isThere(seen)) return seen
    const passedMs = performance.now() - beganMs
    if (passedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${told(what)}`)
    const pauseMs = Math.max(LOOK_EVERY_MS, passedMs * LATE_BY)
    await delay(Math.min(LOOK_AT_LEAST_EVERY_MS, pauseMs))
  }
}

function isThere<T>(seen: T): seen is Exclude<T, undefined | false> {
  return seen !== undefined && seen !== false
}
