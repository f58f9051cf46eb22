import { spawnSync } from 'node:child_process'

/** Runs it to its end; throws what it said at last, and `install`, when it fails or is not there. */
export function run(command: string, args: readonly string[], install: string): void {
  const { error, status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  if (error === undefined && status === 0) return
  const said = error?.message ?? `${stdout}${stderr}`
  const why = said.trim().split('\n').slice(-5).join('\n  ')
  throw new Error(`${command} ${args.join(' ')} failed:\n  ${why}\n${install}`)
}
