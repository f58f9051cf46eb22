import { Lifetime } from '../kernel/lifetime.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { changesOf, planReport, planText } from './plan-report.ts'
import { required, startProcess } from './process.ts'
import { readRegistries } from './read-registries.ts'

/**
 * `isthmus plan`: reads both registries and prints what a gateway would write and remove, and
 * why. Writes nothing. `attention` when there is anything to do.
 */
export async function runPlan(
  configPath: string,
  options: { readonly json: boolean },
  signal: AbortSignal,
): Promise<ExitCode> {
  const { config } = startProcess(configPath)
  await using life = new Lifetime()
  const bridge = await readRegistries(required(config, 'gateway'), life, signal)
  const report = planReport(bridge.plan())
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : planText(report))
  return changesOf(report).length > 0 ? EXIT.attention : EXIT.done
}
