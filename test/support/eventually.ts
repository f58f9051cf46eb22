import { setTimeout as delay } from 'node:timers/promises'

const LOOK_EVERY_MS = 5

/**
 * Resolves with what `look` returns as soon as that is neither undefined nor false; fails with
 * `what` after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (isThere(seen)) return seen
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await delay(LOOK_EVERY_MS)
  }
}

function isThere<T>(seen: T): seen is Exclude<T, undefined | false> {
  return seen !== undefined && seen !== false
}
