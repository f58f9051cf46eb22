#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { EXIT, type ExitCode } from './app/exit-code.ts'
import { addHeaders } from './cli/headers.ts'
import { endWithReader, wasInterrupted } from './cli/interruption.ts'
import { addOperatorCommands } from './cli/operator.ts'
import { addPrograms } from './cli/programs.ts'
import { addRunningCommands } from './cli/running.ts'
import { addSample } from './cli/sample.ts'
import { addSpanCommands } from './cli/spans.ts'
import { errorCode, explainError, isRetryable } from './kernel/errors.ts'

const program = new Command('isthmus')
  .description('Joins a legacy service world and a service mesh: addresses, traffic and traces.')
  .version('0.1.0')
  .exitOverride()
  .showHelpAfterError('(see --help)')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 asked wrongly, 3 done and what was found wants a look.',
  )

addPrograms(program)
addRunningCommands(program)
addOperatorCommands(program)
addSpanCommands(program)
addHeaders(program)
addSample(program)

endWithReader()
try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): ExitCode {
  // commander has already printed its own message, and help is not a failure
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (wasInterrupted(error)) {
    process.stderr.write('isthmus: interrupted\n')
    return EXIT.failed
  }
  const code = errorCode(error)
  const hint = isRetryable(error) ? ' (trying again may help)' : ''
  process.stderr.write(`isthmus: ${explainError(error)}${hint}${code ? ` [${code}]` : ''}\n`)
  return code === 'CONFIG_INVALID' || code === 'USAGE' ? EXIT.usage : EXIT.failed
}
