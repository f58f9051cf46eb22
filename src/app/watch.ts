import { setTimeout as delay } from 'node:timers/promises'
import type { Status } from '../admin/status-answer.ts'
import { openAdminClient, type AdminAccess } from './admin-access.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { isCalm, statusLine, statusTable } from './status-text.ts'

export interface WatchOptions extends AdminAccess {
  readonly json: boolean
  /** One look, then end. */
  readonly once: boolean
  readonly intervalMs: number
}

/** From where a terminal writes over what stands there, and how it clears the rest. */
const HOME = '\u001b[H'
const CLEAR = '\u001b[J'

/**
 * `isthmus watch`: a table of the running gateway's state, again and again until `signal` aborts.
 * Where no terminal reads it, a line a look. With `once`: `attention` when anything is held, fails,
 * is paused, or cannot be vouched for.
 */
export async function runWatch(options: WatchOptions, signal: AbortSignal): Promise<ExitCode> {
  const client = openAdminClient(options)
  const paints = process.stdout.isTTY && !options.json && !options.once
  let before: Status | undefined
  for (;;) {
    const status = await client.status(signal)
    process.stdout.write(show(status, before, options, paints))
    if (options.once) return isCalm(status) ? EXIT.done : EXIT.attention
    before = status
    await delay(options.intervalMs, undefined, { signal })
  }
}

function show(
  status: Status,
  before: Status | undefined,
  { json, once, intervalMs }: WatchOptions,
  paints: boolean,
): string {
  if (json) return `${JSON.stringify(status)}\n`
  const seconds = before ? intervalMs / 1_000 : undefined
  if (paints) return `${HOME}${statusTable(status, before, seconds)}${CLEAR}`
  return once ? statusTable(status, undefined, undefined) : `${statusLine(status)}\n`
}
