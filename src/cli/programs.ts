import type { Command } from 'commander'
import { EXIT } from '../app/exit-code.ts'
import { interruption, untilStopped } from './interruption.ts'
import { config, example, instant, portNumber } from './options.ts'

/** What goes on until it is stopped. */
export function addPrograms(program: Command): void {
  addGateway(program)
  addConvert(program)
  addQuery(program)
  addDemo(program)
}

function addGateway(program: Command): void {
  program
    .command('gateway')
    .description('sync addresses between both registries and carry the traffic across')
    .addOption(config())
    .addHelpText('after', example('isthmus gateway -c isthmus.yaml'))
    .action(async (options: { config: string }) => {
      const { runGateway } = await import('../app/gateway.ts')
      // SIGHUP makes it read its configuration again.
      await untilStopped((signal) => runGateway(options.config, signal), ['SIGINT', 'SIGTERM'])
    })
}

interface ConvertOptions {
  readonly config: string
  readonly once?: true
  readonly from?: number
  readonly to?: number
}

function addConvert(program: Command): void {
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
    .action(async (options: ConvertOptions) => {
      if (!options.once && (options.from !== undefined || options.to !== undefined)) {
        program.error('--from and --to go with --once', { exitCode: EXIT.usage })
      }
      const { runConverter } = await import('../app/convert.ts')
      const run = (signal: AbortSignal): Promise<void> =>
        runConverter(options.config, options, signal)
      await (options.once ? run(interruption()) : untilStopped(run))
    })
}

function addQuery(program: Command): void {
  program
    .command('query')
    .description('answer the Zipkin and Jaeger query APIs, take spans in, serve the page')
    .addOption(config())
    .action(async (options: { config: string }) => {
      const { runQuery } = await import('../app/query.ts')
      await untilStopped((signal) => runQuery(options.config, signal))
    })
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run everything on embedded parts with four sample services')
    .option('--once', 'show one chain, then end')
    .option('--port <port>', 'port of the query page; a free one by default', portNumber, 0)
    .action(async (options: { once?: true; port: number }) => {
      const { runDemo } = await import('../app/demo.ts')
      const { once = false, port } = options
      const run = (signal: AbortSignal): Promise<void> => runDemo({ once, port }, signal)
      await (once ? run(interruption()) : untilStopped(run))
    })
}
