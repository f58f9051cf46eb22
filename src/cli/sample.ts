import { Option, type Command } from 'commander'
import type { SampleOptions } from '../app/sample/service.ts'
import { untilStopped } from './interruption.ts'
import { portNumber } from './options.ts'

export function addSample(program: Command): void {
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
      const { runSample } = await import('../app/sample/service.ts')
      await untilStopped((signal) => runSample(options, signal))
    })
}
