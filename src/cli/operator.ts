import type { Command } from 'commander'
import { interruption } from './interruption.ts'
import { config, optionalConfig } from './options.ts'

/** What an operator asks of a configuration. */
export function addOperatorCommands(program: Command): void {
  addPlan(program)
  addCheck(program)
}

function addPlan(program: Command): void {
  program
    .command('plan')
    .description('show what the gateway would write and remove, and why, without writing')
    .addOption(config())
    .option('--json', 'one JSON document on stdout')
    .action(async (options: { config: string; json?: true }) => {
      const { runPlan } = await import('../app/plan.ts')
      process.exitCode = await runPlan(
        options.config,
        { json: options.json ?? false },
        interruption(),
      )
    })
}

function addCheck(program: Command): void {
  program
    .command('check')
    .description('check the configuration, connect to what it names, say what can be seen')
    .addOption(optionalConfig())
    .option('--offline', 'check the file only')
    .option('--schema', 'print the JSON Schema of the configuration, for editors')
    .action(async (options: { config?: string; offline?: true; schema?: true }) => {
      const { runCheck } = await import('../app/check.ts')
      await runCheck(options, interruption())
    })
}
