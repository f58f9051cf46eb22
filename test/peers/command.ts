import { spawnSync } from 'node:child_process'

/**
 * Runs it to its end and returns what it printed; throws the last of that, and `install`, when it
 * fails or is not there.
 */
export function run(command: string, args: readonly string[], install: string): string {
  const { error, status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  if (error === undefined && status === 0) return `${stdout}${stderr}`
  const said = error?.message ?? `${stdout}${stderr}`
  const why = said.trim().split('\n').slice(-5).join('\n  ')
  throw new Error(`${command} ${args.join(' ')} failed:\n  ${why}\n${install}`)
}
