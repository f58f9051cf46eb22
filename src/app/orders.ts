import type { Ordered, Scope } from '../admin/orders-answer.ts'
import { openAdminClient, type AdminAccess } from './admin-access.ts'
import { EXIT, type ExitCode } from './exit-code.ts'

export interface OrderOptions extends AdminAccess {
  readonly scope: Scope
  readonly json: boolean
}

/** `isthmus pause`. `attention` when no service of that scope is known now: the order stands. */
export async function runPause(options: OrderOptions, signal: AbortSignal): Promise<ExitCode> {
  const answer = await openAdminClient(options).pause(options.scope, signal)
  print(options, answer, `paused: ${scopeText(options.scope)}, ${about(answer)}`)
  return answer.services > 0 ? EXIT.done : EXIT.attention
}

/** `isthmus resume`. `attention` when there was no such order. */
export async function runResume(options: OrderOptions, signal: AbortSignal): Promise<ExitCode> {
  const answer = await openAdminClient(options).resume(options.scope, signal)
  const left = answer.orders.map(({ kind, scope }) => `still in force: ${kind} ${scopeText(scope)}`)
  const lifted = answer.lifted.map(({ kind, scope }) => `ended: ${kind} ${scopeText(scope)}`)
  const lines = lifted.length > 0 ? lifted : [`no order about ${scopeText(options.scope)} alone`]
  print(options, answer, [...lines, ...left].join('\n'))
  return lifted.length > 0 ? EXIT.done : EXIT.attention
}

/** `isthmus release`. `attention` when nothing of that scope is held. */
export async function runRelease(options: OrderOptions, signal: AbortSignal): Promise<ExitCode> {
  const answer = await openAdminClient(options).release(options.scope, signal)
  const lines = answer.released.map(
    ({ direction, registry, key }) => `released ${direction} ${registry} ${key}`,
  )
  const none = `nothing of ${scopeText(options.scope)} is held`
  print(options, answer, lines.length > 0 ? lines.join('\n') : none)
  return lines.length > 0 ? EXIT.done : EXIT.attention
}

export function scopeText({ direction, registry, service }: Scope): string {
  const parts = [service, direction, registry && `into ${registry}`].filter((one) => one)
  return parts.length > 0 ? parts.join(', ') : 'everything'
}

export function about({ services }: Ordered): string {
  return services === 0 ? 'about no service that is known now' : `about ${services} services`
}

function print({ json }: OrderOptions, answer: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : text}\n`)
}
