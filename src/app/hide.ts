import { errorCode, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import type { Registry } from '../registry/ports.ts'

/** A registry that does not answer must not hold up the end of the process for longer. */
const HIDE_MS = 5_000

/**
 * Hides what outlives the process before its ports close. Where that fails, it is as if the process
 * had been killed. Never rejects.
 */
export async function hideAll(
  registries: readonly Pick<Registry, 'name' | 'presence'>[],
  log: Log,
  limit: AbortSignal = timeLimit(HIDE_MS),
): Promise<void> {
  const hidden = registries.map(async ({ name, presence }) => {
    try {
      await presence.hide(limit)
    } catch (error) {
      const fields = { registry: name, code: errorCode(error), reason: errorMessage(error) }
      log.warn(
        fields,
        'entries could not be hidden: they lead to closed ports until the next start',
      )
    }
  })
  await Promise.all(hidden)
}
