import { EXIT } from '../app/exit-code.ts'
import { errorCode, isAbort } from '../kernel/errors.ts'

type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

const interrupted = new AbortController()

/** A reader that has seen enough (`| head`) is no failure of ours, but there is nobody to go on for. */
export function endWithReader(): void {
  process.stdout.on('error', (error) => {
    if (errorCode(error) !== 'EPIPE') throw error
    interrupted.abort()
  })
}

/**
 * Aborts on the first of `names`, or when a parent that keeps a channel to this process has gone;
 * a second signal ends the process at once.
 */
export function interruption(
  names: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP'],
): AbortSignal {
  process.once('disconnect', () => interrupted.abort())
  process.channel?.unref() // listening alone must not keep a process that has done its work
  for (const name of names) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(EXIT.failed)
      interrupted.abort()
    })
  }
  return interrupted.signal
}

/** Whether `error` only says that somebody stopped this process. */
export function wasInterrupted(error: unknown): boolean {
  return interrupted.signal.aborted && isAbort(error)
}

/** A command that goes on until it is stopped: that is how it ends, also while it still starts. */
export async function untilStopped(
  work: (signal: AbortSignal) => Promise<void>,
  names?: readonly SignalName[],
): Promise<void> {
  const signal = interruption(names)
  try {
    await work(signal)
  } catch (error) {
    if (!signal.aborted || !isAbort(error)) throw error
  }
}
