import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { IsthmusError } from '../../kernel/errors.ts'
import { timeLimit } from '../../kernel/time-limit.ts'

/** The chain of the demonstration: legacy, mesh, legacy, mesh. */
export const CHAIN = [
  { name: 'storefront', side: 'legacy', next: 'orders' },
  { name: 'orders', side: 'mesh', next: 'inventory' },
  { name: 'inventory', side: 'legacy', next: 'pricing' },
  { name: 'pricing', side: 'mesh', next: undefined },
] as const

export interface SampleSide {
  /** `file:/folder`, `zookeeper://host:port` or `consul://host:port`. */
  readonly registry: string
  readonly collector: string
}

/** A sample service in a process of its own. */
export interface Sample extends AsyncDisposable {
  readonly name: string
  readonly side: 'legacy' | 'mesh'
  readonly url: string
}

const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000

/** Starts one service of the chain; resolves when it serves and is registered. */
export async function startSample(
  service: (typeof CHAIN)[number],
  { registry, collector }: SampleSide,
  signal: AbortSignal,
): Promise<Sample> {
  const { name, side, next } = service
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      commandLine(),
      ...['sample', '--name', name, '--side', side],
      ...['--registry', registry, '--collector', collector],
      ...(next === undefined ? [] : ['--next', next]),
    ],
    // The channel carries nothing: it tells the service when the demonstration is gone, however.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  )
  try {
    const url = await firstLine(child, AbortSignal.any([signal, timeLimit(START_TIMEOUT_MS)]))
    return { name, side, url, [Symbol.asyncDispose]: () => stop(child) }
  } catch (cause) {
    await stop(child)
    signal.throwIfAborted()
    throw new IsthmusError('LISTEN_FAILED', `sample service ${name} did not start`, { cause })
  }
}

/** The command line beside this file, as a source or compiled. */
function commandLine(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`../../cli.${extension}`, import.meta.url))
}

async function firstLine(child: ChildProcess, signal: AbortSignal): Promise<string> {
  if (!child.stdout) throw new TypeError('a sample service has a stdout')
  const lines = createInterface(child.stdout)
  const ended = new AbortController()
  child.once('exit', () => ended.abort(new Error('it ended')))
  child.once('error', (error) => ended.abort(error))
  const [line] = (await once(lines, 'line', {
    signal: AbortSignal.any([signal, ended.signal]),
  })) as [string]
  return line
}

/** Asks it to end, and ends it when it does not. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await gone
  clearTimeout(impatience)
}
