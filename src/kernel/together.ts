import { setMaxListeners } from 'node:events'

/** Works until its signal aborts. */
export type Task = (signal: AbortSignal) => Promise<void>

/**
 * Runs `tasks` until `signal` aborts and all have ended. One that fails ends the others, and its
 * error is thrown once they have ended.
 */
export async function together(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  const abort = new AbortController()
  setMaxListeners(0, abort.signal) // each of many writes listens
  const stop = (): void => abort.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const failures: unknown[] = []
  const run = async (task: Task): Promise<void> => {
    try {
      await task(abort.signal)
    } catch (error) {
      failures.push(error)
      abort.abort(error)
    }
  }
  await Promise.all(tasks.map(run))
  signal.removeEventListener('abort', stop)
  if (failures.length > 0) throw failures[0]
}
