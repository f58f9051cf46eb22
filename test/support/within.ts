import type { EventEmitter } from 'node:events'
import { once } from 'node:events'

/** Long for anything that a test waits for without a limit of its own; jest's own is in its configuration. */
export const PATIENCE_MS = 20_000

/** The text itself, or as it is at this moment. */
export const told = (what: string | (() => string)): string =>
  typeof what === 'string' ? what : what()

/**
 * Resolves as `wait` does; fails with `what` when that takes longer. Jest's own limit says nothing
 * but that a test was too slow, so every wait of a test has one of these inside it.
 */
export async function within<T>(
  what: string | (() => string),
  wait: Promise<T>,
  limitMs = PATIENCE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not within ${limitMs} ms: ${told(what)}`))
    }, limitMs)
  })
  try {
    return await Promise.race([wait, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The next time that `emitter` says so. */
export async function happens(
  what: string,
  emitter: EventEmitter,
  event: string,
  limitMs?: number,
): Promise<unknown[]> {
  const next: Promise<unknown[]> = once(emitter, event)
  return await within(what, next, limitMs)
}
