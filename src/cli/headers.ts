import { Option, type Command } from 'commander'
import { interruption } from './interruption.ts'
import { example, optionalConfig } from './options.ts'

interface HeadersFlags {
  readonly config?: string
  readonly accepts?: string
  readonly sends?: string
  readonly bits?: '64' | '128'
  readonly untrusted?: true
  readonly observe?: true
  readonly json?: true
}

/** What works on trace headers in flight. */
export function addHeaders(program: Command): void {
  program
    .command('headers')
    .description('say what trace headers on standard input become on each side, and what is lost')
    .addOption(optionalConfig())
    .option('--accepts <formats>', 'instead of a configuration: formats that the caller may send')
    .option('--sends <formats>', 'formats that the callee gets, separated by commas')
    .addOption(new Option('--bits <bits>', 'trace ids of the callee').choices(['64', '128']))
    .option(
      '--untrusted',
      'as of callers whom the gateway does not trust (default: of trusted ones)',
    )
    .option('--observe', 'what the sides of the running gateway really send, and what to configure')
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      `
Reads "Name: value" lines, the output of curl -v, or JSON (an object, or a list of pairs).
Exits with 3 when nothing is recognised or something is refused; with --observe, when a format
comes that is not accepted.
${example(
  'echo "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d" | isthmus headers --sends w3c',
  'curl -vs http://orders/ 2>&1 | isthmus headers -c isthmus.yaml',
)}`,
    )
    .action(runFlags)
}

async function runFlags({
  observe,
  json,
  bits,
  untrusted,
  ...choice
}: HeadersFlags): Promise<void> {
  if (observe) {
    const { runObserve } = await import('../app/headers/observe.ts')
    process.exitCode = await runObserve(choice.config, json ?? false, interruption())
    return
  }
  const { runHeaders } = await import('../app/headers.ts')
  process.exitCode = await runHeaders({
    ...choice,
    json: json ?? false,
    untrusted: untrusted ?? false,
    ...(bits === undefined ? {} : { bits: bits === '64' ? 64 : 128 }),
  })
}
