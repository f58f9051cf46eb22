import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { packageFolder } from '../../src/app/package-folder.ts'
import { eventually } from './eventually.ts'
import { within } from './within.ts'

const CLI = join(packageFolder(), 'dist/src/cli.js')

/** A command that does one thing; `purge` waits half a minute for who may be dead. */
const ENDS_WITHIN_MS = 80_000
/** What is said at the start: a process has to begin first, on a machine that has much to do. */
const STARTS_WITHIN_MS = 30_000
/** It takes back what it announced, and lets go of requests. */
const STOPS_WITHIN_MS = 30_000
/** A process that was killed is gone at once; its output may be read a little longer. */
const GONE_WITHIN_MS = 10_000
const TOLD_LINES = 30

/** A running `isthmus` command, in a process of its own, from `dist/`. */
export interface Command extends AsyncDisposable {
  readonly pid: number
  stdout(): string
  /** Reads no more of it, as `| head` does. */
  closeStdout(): void
  stderr(): string
  /** Exit code once it has ended; null after a signal. Fails when that takes too long. */
  ended(): Promise<number | null>
  /** SIGTERM, and the exit code that follows. Fails when it goes on, with what it said last. */
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
  const what = (awaited: string): string => {
    const lines = output.stderr.trimEnd().split('\n').slice(-TOLD_LINES).join('\n')
    return `\`${args.join(' ')}\` ${awaited}; its last lines:\n${lines}`
  }
  const over = (after: string, limitMs: number): Promise<unknown> =>
    within(() => what(`ends${after}`), closed, limitMs)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await over(' after SIGKILL', GONE_WITHIN_MS)
  }
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    closeStdout: () => child.stdout.destroy(),
    stderr: () => output.stderr,
    ended: async () => {
      await over('', ENDS_WITHIN_MS)
      return child.exitCode
    },
    stop: async () => {
      child.kill('SIGTERM')
      await over(' after SIGTERM', STOPS_WITHIN_MS)
      return child.exitCode
    },
    kill,
    logged: (message, timeoutMs = STARTS_WITHIN_MS) =>
      eventually(
        () => what(`logs "${message}"`),
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
