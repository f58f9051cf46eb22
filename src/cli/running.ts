import { InvalidArgumentError, Option, type Command } from 'commander'
import type { AdminAccess } from '../app/admin-access.ts'
import type { ExitCode } from '../app/exit-code.ts'
import type { OrderOptions } from '../app/orders.ts'
import { interruption, untilStopped } from './interruption.ts'
import { example, optionalConfig } from './options.ts'

/** What an operator asks of a running gateway. */
export function addRunningCommands(program: Command): void {
  addExplain(program)
  addWatch(program)
  addPause(program)
  addResume(program)
  addRelease(program)
  addDrain(program)
}

/** A command that finds a gateway by its configuration, or by what is said. */
function asking(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(optionalConfig())
    .option('--admin <url>', 'admin listener of the gateway, if not that of the configuration')
    .addOption(new Option('--token <token>', 'bearer token').env('ISTHMUS_ADMIN_TOKEN').hideHelp())
    .option('--token-file <file>', 'file with the bearer token; or set ISTHMUS_ADMIN_TOKEN')
    .option('--json', 'JSON on stdout')
}

function addExplain(program: Command): void {
  asking(program, 'explain', 'say what becomes of a service and each of its instances, and why')
    .argument('<service|address>', 'name, key, instance id, host, or host:port')
    .option('--offline', 'read both registries instead of asking the gateway')
    .addHelpText('after', example('isthmus explain com.acme.FooService -c isthmus.yaml'))
    .action(async (query: string, options: AdminAccess & { offline?: true; json?: true }) => {
      const { runExplain } = await import('../app/explain.ts')
      const flags = { offline: options.offline ?? false, json: options.json ?? false }
      process.exitCode = await runExplain(query, { ...options, ...flags }, interruption())
    })
}

function addWatch(program: Command): void {
  asking(program, 'watch', 'show what the gateway reads, writes and holds, again and again')
    .option('--once', 'one look; exit code 3 when something wants a look')
    .option('--interval <ms>', 'milliseconds between two looks', milliseconds, 1_000)
    .addHelpText('after', example('isthmus watch -c isthmus.yaml'))
    .action(async (options: AdminAccess & { once?: true; json?: true; interval: number }) => {
      const { runWatch } = await import('../app/watch.ts')
      const { once = false, json = false, interval: intervalMs } = options
      await untilStopped(async (signal) => {
        process.exitCode = await runWatch({ ...options, once, json, intervalMs }, signal)
      })
    })
}

type OrderFlags = AdminAccess & OrderOptions['scope'] & { readonly json?: true }
type RunOrder = (options: OrderOptions, signal: AbortSignal) => Promise<ExitCode>

/** A command that gives an order about everything, or about what its options name. */
function ordering(program: Command, name: string, description: string): Command {
  return asking(program, name, description)
    .argument('[service]', 'name or key of one service, as either side calls it')
    .addOption(
      new Option('--direction <direction>', 'one direction only').choices([
        'legacy-to-mesh',
        'mesh-to-legacy',
      ]),
    )
    .option('--registry <name>', 'what is written into one registry only')
}

const order =
  (load: () => Promise<RunOrder>) =>
  async (service: string | undefined, { direction, registry, ...access }: OrderFlags) => {
    const run = await load()
    const scope = { direction, registry, service }
    const options = { ...access, scope, json: access.json ?? false }
    process.exitCode = await run(options, interruption())
  }

function addPause(program: Command): void {
  ordering(program, 'pause', 'write and remove nothing until resume, or until the gateway restarts')
    .addHelpText('after', example('isthmus pause -c isthmus.yaml', 'isthmus pause billing'))
    .action(order(async () => (await import('../app/orders.ts')).runPause))
}

function addResume(program: Command): void {
  ordering(program, 'resume', 'end a pause, or a drain of a part, and catch up')
    .addHelpText('after', example('isthmus resume -c isthmus.yaml'))
    .action(order(async () => (await import('../app/orders.ts')).runResume))
}

function addRelease(program: Command): void {
  ordering(program, 'release', 'let removals go that the removal budget holds')
    .addHelpText('after', example('isthmus release billing -c isthmus.yaml'))
    .action(order(async () => (await import('../app/orders.ts')).runRelease))
}

function addDrain(program: Command): void {
  const about = 'take back what points to this gateway, and with nothing named end its traffic'
  ordering(program, 'drain', about)
    .option('--stop', 'then end the gateway')
    .addHelpText('after', example('isthmus drain --stop -c isthmus.yaml'))
    .action(async (service: string | undefined, options: OrderFlags & { stop?: true }) => {
      const { runDrain } = await import('../app/drain-command.ts')
      const run: RunOrder = (rest, signal) =>
        runDrain({ ...rest, then: options.stop ? 'stop' : 'stay' }, signal)
      await order(() => Promise.resolve(run))(service, options)
    })
}

function milliseconds(text: string): number {
  const ms = Number(text)
  if (/^\d{1,8}$/.test(text) && ms > 0) return ms
  throw new InvalidArgumentError('use milliseconds, 1 or more.')
}
