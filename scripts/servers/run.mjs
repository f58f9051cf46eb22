import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Why a server cannot be had, in words for the person who started the command. */
export class Unavailable extends Error {}

/** Progress for people; stdout belongs to `--json`. */
export const say = (text) => process.stderr.write(`${text}\n`)

/** Runs a command to its end and returns what it printed; throws Unavailable with its last lines. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26, ...options })
  if (result.error) throw new Unavailable(`${command}: ${result.error.message}`)
  if (result.status !== 0) {
    const lines = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-5)
    throw new Unavailable(`${command} ${args.at(0) ?? ''} failed:\n  ${lines.join('\n  ')}`)
  }
  return result
}

/** The full path of a program on PATH, or undefined. */
export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
