import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../admin/client.ts'
import type { DrainOrder } from '../admin/orders-answer.ts'
import type { Status } from '../admin/status-answer.ts'
import { errorCode } from '../kernel/errors.ts'
import { openAdminClient } from './admin-access.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { about, scopeText, type OrderOptions } from './orders.ts'

const LOOK_MS = 200

export interface DrainOptions extends OrderOptions {
  readonly then: DrainOrder['then']
}

/**
 * `isthmus drain`: begins it and says how far it has come until it is over. A part that is drained
 * is over when nothing of ours stands for it; a whole gateway when its traffic has ended too, and
 * with `stop` when the process has gone.
 */
export async function runDrain(options: DrainOptions, signal: AbortSignal): Promise<ExitCode> {
  const client = openAdminClient(options)
  const answer = await client.drain({ ...options.scope, then: options.then }, signal)
  say(
    options,
    { phase: 'begun', services: answer.services },
    `drain: ${scopeText(options.scope)}, ${about(answer)}`,
  )
  const whole = Object.values(options.scope).every((part) => part === undefined)
  if (!whole) return answer.services > 0 ? EXIT.done : EXIT.attention
  let said = ''
  for (;;) {
    const status = await statusOf(client, options, signal)
    if (!status) return over(options, 'stopped')
    if (status.phase === 'drained' && options.then === 'stay') return over(options, 'drained')
    if (status.phase === 'running') return over(options, 'called off')
    const progress = { phase: status.phase, left: pointing(status), underWay: status.edge.underWay }
    const text = `${progress.left} entries left, ${progress.underWay} requests under way`
    if (text !== said) say(options, progress, text)
    said = text
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** Undefined once a gateway that is to stop has stopped. */
async function statusOf(
  client: AdminClient,
  { then }: DrainOptions,
  signal: AbortSignal,
): Promise<Status | undefined> {
  try {
    return await client.status(signal)
  } catch (error) {
    if (then === 'stop' && errorCode(error) === 'ADMIN_UNAVAILABLE') return undefined
    throw error
  }
}

function pointing({ sync }: Status): number {
  return sync.directions.reduce((sum, direction) => sum + direction.pointing, 0)
}

function over(options: DrainOptions, phase: 'stopped' | 'drained' | 'called off'): ExitCode {
  say(options, { phase }, phase)
  return phase === 'called off' ? EXIT.attention : EXIT.done
}

function say({ json }: DrainOptions, fields: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(fields) : text}\n`)
}
