import type { ExplainAnswer } from '../admin/explain-answer.ts'
import { IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { openAdminClient, type AdminAccess } from './admin-access.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { explainText } from './explain-text.ts'
import { required, startProcess } from './process.ts'
import { readRegistries } from './read-registries.ts'

export interface ExplainOptions extends AdminAccess {
  readonly offline: boolean
  readonly json: boolean
}

/**
 * `isthmus explain`: what becomes of a service and of each of its instances, and why. Asks the
 * running gateway, or `offline` reads both registries. `attention` when nobody knows it.
 */
export async function runExplain(
  query: string,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const answer = await (options.offline
    ? explainOffline(query, options, signal)
    : openAdminClient(options).explain(query, signal))
  process.stdout.write(
    options.json ? `${JSON.stringify(answer, null, 2)}\n` : explainText(query, answer),
  )
  return answer.services.length > 0 ? EXIT.done : EXIT.attention
}

async function explainOffline(
  query: string,
  { config: path }: ExplainOptions,
  signal: AbortSignal,
): Promise<ExplainAnswer> {
  if (path === undefined) throw new IsthmusError('USAGE', '--offline needs -c FILE')
  const { config } = startProcess(path)
  await using life = new Lifetime()
  const bridge = await readRegistries(required(config, 'gateway'), life, signal)
  return bridge.explain(query)
}
