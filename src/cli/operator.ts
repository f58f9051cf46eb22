import type { Command } from 'commander'
import { interruption } from './interruption.ts'
import { config, example, optionalConfig } from './options.ts'

/** What an operator asks of a configuration; nothing of it needs a running gateway. */
export function addOperatorCommands(program: Command): void {
  addCheck(program)
  addPlan(program)
  addPurge(program)
}

function addPlan(program: Command): void {
  program
    .command('plan')
    .description('show what the gateway would write and remove, and why, without writing')
    .addOption(config())
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      example('isthmus plan -c isthmus.yaml   # exit code 3: there is something'),
    )
    .action(async (options: { config: string; json?: true }) => {
      const { runPlan } = await import('../app/plan.ts')
      const json = options.json ?? false
      process.exitCode = await runPlan(options.config, { json }, interruption())
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

interface PurgeFlags {
  readonly config: string
  readonly owner: string
  readonly dryRun?: true
  readonly yes?: true
  readonly force?: true
  readonly json?: true
}

function addPurge(program: Command): void {
  program
    .command('purge')
    .description('remove all that a gateway ever wrote into the registries of a configuration')
    .addOption(config())
    .requiredOption('--owner <id>', 'identity of the gateway (gateway.id)')
    .option('--dry-run', 'only show each place')
    .option('--yes', 'do not ask')
    .option('--force', 'also while a gateway of that identity may be alive')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('isthmus purge -c isthmus.yaml --owner gw-1 --dry-run'))
    .action(async ({ config: path, owner, dryRun, yes, force, json }: PurgeFlags) => {
      const { runPurge } = await import('../app/purge.ts')
      const flags = { dryRun: dryRun ?? false, yes: yes ?? false, force: force ?? false }
      const options = { owner, ...flags, json: json ?? false }
      process.exitCode = await runPurge(path, options, interruption())
    })
}
