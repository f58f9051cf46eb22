import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { eventually } from './eventually.ts'

const CLI = resolve(import.meta.dirname, '../../dist/src/cli.js')

/** A running `isthmus` command, in a process of its own, from `dist/`. */
export interface Command extends AsyncDisposable {
  readonly pid: number
  stdout(): string
  /** Reads no more of it, as `| head` does. */
  closeStdout(): void
  stderr(): string
  /** Exit code once it has ended; null after a signal. */
  ended(): Promise<number | null>
  /** SIGTERM, and the exit code that follows. */
  stop(): Promise<number | null>
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
  /** The first log line (JSON on stderr) with that message. */
  logged(message: string, timeoutMs?: number): Promise<Readonly<Record<string, unknown>>>
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export async function isthmus(...args: readonly string[]): Promise<Finished> {
  await using command = startIsthmus(...args)
  const code = await command.ended()
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}

/** Starts a command that goes on until it is stopped. Disposing kills what still runs. */
export function startIsthmus(...args: readonly string[]): Command {
  return startIsthmusOn('', args)
}

/** The same on a node with these options. */
export function startIsthmusOn(nodeOptions: string, args: readonly string[]): Command {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const closed = once(child, 'close')
  const ended = async (): Promise<number | null> => {
    await closed
    return child.exitCode
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await closed
  }
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    closeStdout: () => child.stdout.destroy(),
    stderr: () => output.stderr,
    ended,
    stop: () => {
      child.kill('SIGTERM')
      return ended()
    },
    kill,
    logged: (message, timeoutMs = 20_000) =>
      eventually(
        `\`${args.join(' ')}\` logs "${message}"`,
        () => {
          if (child.exitCode !== null) throw new Error(`it ended: ${output.stderr}`)
          return logLines(output.stderr).find(({ msg }) => msg === message)
        },
        timeoutMs,
      ),
    [Symbol.asyncDispose]: kill,
  }
}

function logLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}
