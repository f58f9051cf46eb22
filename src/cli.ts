#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { SampleOptions } from './app/sample/service.ts'
import { errorCode, explainError, isAbort, isRetryable } from './kernel/errors.ts'

/** Exit codes that scripts can use: 0 done, 1 failed, 2 asked wrongly. */
const FAILED = 1
const USAGE = 2

const config = () =>
  new Option('-c, --config <file>', 'configuration (YAML)')
    .env('ISTHMUS_CONFIG')
    .makeOptionMandatory()

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('use a port number, 0 to 65535.')
}

function instant(text: string): number {
  const ms = Date.parse(text)
  if (Number.isFinite(ms)) return ms * 1_000
  throw new InvalidArgumentError('use a date such as 2026-01-31T12:00:00Z.')
}

const interrupted = new AbortController()

// A reader that has seen enough (`| head`) is no failure of ours, but there is nobody to go on for.
process.stdout.on('error', (error) => {
  if (errorCode(error) !== 'EPIPE') throw error
  interrupted.abort()
})

/**
 * Aborts on the first SIGINT, SIGTERM or SIGHUP, or when a parent that keeps a channel to this
 * process has gone; a second signal ends the process at once.
 */
function interruption(): AbortSignal {
  process.once('disconnect', () => interrupted.abort())
  process.channel?.unref() // listening alone must not keep a process that has done its work
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(FAILED)
      interrupted.abort()
    })
  }
  return interrupted.signal
}

/** A command that goes on until it is stopped: that is how it ends, also while it still starts. */
async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = interruption()
  try {
    await work(signal)
  } catch (error) {
    if (!signal.aborted || !isAbort(error)) throw error
  }
}

const program = new Command('isthmus')
  .description('Joins a legacy service world and a service mesh: addresses, traffic and traces.')
  .version('0.1.0')
  .exitOverride()
  .showHelpAfterError('(see --help)')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 asked wrongly.')

program
  .command('gateway')
  .description('sync addresses between both registries and carry the traffic across')
  .addOption(config())
  .action(async (options: { config: string }) => {
    const { runGateway } = await import('./app/gateway.ts')
    await untilStopped((signal) => runGateway(options.config, signal))
  })

program
  .command('convert')
  .description('stitch the spans that both sides stored into one chain, and go on doing so')
  .addOption(config())
  .option('--once', 'stitch what is there, then end')
  .option(
    '--from <time>',
    'with --once: traces from this time on, such as 2026-01-31T12:00:00Z',
    instant,
  )
  .option('--to <time>', 'with --once: traces before this time', instant)
  .action(async (options: { config: string; once?: true; from?: number; to?: number }) => {
    if (!options.once && (options.from !== undefined || options.to !== undefined)) {
      program.error('--from and --to go with --once', { exitCode: USAGE })
    }
    const { runConverter } = await import('./app/convert.ts')
    const run = (signal: AbortSignal): Promise<void> =>
      runConverter(options.config, options, signal)
    await (options.once ? run(interruption()) : untilStopped(run))
  })

program
  .command('query')
  .description('answer the Zipkin and Jaeger query APIs, take spans in, serve the page')
  .addOption(config())
  .action(async (options: { config: string }) => {
    const { runQuery } = await import('./app/query.ts')
    await untilStopped((signal) => runQuery(options.config, signal))
  })

program
  .command('demo')
  .description('run everything on embedded parts with four sample services')
  .option('--once', 'show one chain, then end')
  .option('--port <port>', 'port of the query page; a free one by default', portNumber, 0)
  .action(async (options: { once?: true; port: number }) => {
    const { runDemo } = await import('./app/demo.ts')
    const { once = false, port } = options
    const run = (signal: AbortSignal): Promise<void> => runDemo({ once, port }, signal)
    await (once ? run(interruption()) : untilStopped(run))
  })

program
  .command('stitch')
  .description(
    'stitch span files (Zipkin, Jaeger, OTLP; recognised by content) and print the trees',
  )
  .argument('<file...>', 'files to read; - for standard input')
  .addOption(
    new Option('--as <format>', 'print the stitched spans as JSON instead').choices([
      'zipkin',
      'jaeger',
      'otlp',
    ]),
  )
  .option('--undo', 'print the spans as they were stored before they were stitched')
  .action(async (files: string[], options: { as?: 'zipkin' | 'jaeger' | 'otlp'; undo?: true }) => {
    const { runStitch } = await import('./app/stitch.ts')
    await runStitch(files, { as: options.as, undo: options.undo ?? false })
  })

program
  .command('plan')
  .description('show what the gateway would write and remove, and why, without writing')
  .addOption(config())
  .option('--json', 'one JSON document on stdout')
  .action(async (options: { config: string; json?: true }) => {
    const { runPlan } = await import('./app/plan.ts')
    await runPlan(options.config, { json: options.json ?? false }, interruption())
  })

program
  .command('check')
  .description('check the configuration, connect to what it names, say what can be seen')
  .addOption(new Option('-c, --config <file>', 'configuration (YAML)').env('ISTHMUS_CONFIG'))
  .option('--offline', 'check the file only')
  .option('--schema', 'print the JSON Schema of the configuration, for editors')
  .action(async (options: { config?: string; offline?: true; schema?: true }) => {
    const { runCheck } = await import('./app/check.ts')
    await runCheck(options, interruption())
  })

program
  .command('sample', { hidden: true })
  .description('run one sample service of the demonstration')
  .requiredOption('--name <name>', 'name it registers under')
  .addOption(
    new Option('--side <side>', 'whose registry and tracing it uses')
      .choices(['legacy', 'mesh'])
      .makeOptionMandatory(),
  )
  .requiredOption('--registry <url>', 'file:/folder, zookeeper://host:port or consul://host:port')
  .requiredOption('--collector <url>', 'where its spans go')
  .option('--next <name>', 'service to call before answering')
  .option('--host <host>', 'address to listen on and to register', '127.0.0.1')
  .option('--port <port>', 'port to listen on; a free one by default', portNumber, 0)
  .action(async (options: SampleOptions) => {
    const { runSample } = await import('./app/sample/service.ts')
    await untilStopped((signal) => runSample(options, signal))
  })

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  // commander has already printed its own message, and help is not a failure
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (interrupted.signal.aborted && isAbort(error)) {
    process.stderr.write('isthmus: interrupted\n')
    return FAILED
  }
  const code = errorCode(error)
  const hint = isRetryable(error) ? ' (trying again may help)' : ''
  process.stderr.write(`isthmus: ${explainError(error)}${hint}${code ? ` [${code}]` : ''}\n`)
  return code === 'CONFIG_INVALID' || code === 'USAGE' ? USAGE : FAILED
}
