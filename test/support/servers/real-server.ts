import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { happens } from '../within.ts'

const READY_WITHIN_MS = 60_000
const PROBE_MS = 2_000
const POLL_MS = 50
const KEPT_LINES = 200

/** A server process of our own, on its own port and data, ended by process id. */
export interface RealServer extends AsyncDisposable {
  readonly name: string
  readonly version: string
  /** ZooKeeper: `host:port`. Consul: `http://host:port`. */
  readonly address: string
  readonly pid: number
  /** SIGKILL: no goodbye, no flush. Resolves when the process is gone. */
  kill(): Promise<void>
  /** Kills it if it runs and starts it again on the same ports and data; resolves when it serves. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** The last lines that the server printed. */
  tail(lines?: number): string
}

export interface ServerRecipe {
  readonly name: string
  readonly address: string
  readonly command: string
  readonly args: readonly string[]
  /** Removed when the server is disposed of. */
  readonly folder: string
  /** The server's version once it serves. Undefined or a failure means: not yet, ask again. */
  ready(signal: AbortSignal): Promise<string | undefined>
}

/** Starts what the recipe says and waits until it serves; leaves nothing behind when it does not. */
export async function startServer(recipe: ServerRecipe): Promise<RealServer> {
  const server = new ServerProcess(recipe)
  try {
    await server.restart()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class ServerProcess implements RealServer {
  readonly #recipe: ServerRecipe
  readonly #lines: string[] = []
  #child: ChildProcess | undefined
  #version = 'unknown'

  constructor(recipe: ServerRecipe) {
    this.#recipe = recipe
  }

  get name(): string {
    return this.#recipe.name
  }

  get address(): string {
    return this.#recipe.address
  }

  get version(): string {
    return this.#version
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  async restart(): Promise<void> {
    await this.kill()
    const child = this.#spawn()
    this.#version = await this.#serving(child)
    record({ name: this.name, version: this.#version, pid: this.pid, folder: this.#recipe.folder })
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || hasEnded(child)) return
    const gone = happens(`${this.name} is gone after SIGKILL`, child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  tail(lines = 20): string {
    return this.#lines.slice(-lines).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#recipe.folder, { recursive: true, force: true })
  }

  #spawn(): ChildProcess {
    const { command, args, folder } = this.#recipe
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    child.on('error', (error) => this.#keep(error.message))
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#keep(line))
    }
    this.#child = child
    return child
  }

  #keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > KEPT_LINES) this.#lines.shift()
  }

  async #serving(child: ChildProcess): Promise<string> {
    const deadline = Date.now() + READY_WITHIN_MS
    while (Date.now() < deadline && !hasEnded(child)) {
      const probe = AbortSignal.timeout(PROBE_MS)
      const version = await this.#recipe.ready(probe).catch(() => undefined)
      if (version !== undefined) return version
      await sleep(POLL_MS)
    }
    const why = hasEnded(child) ? 'ended' : `did not serve within ${READY_WITHIN_MS} ms`
    throw new Error(`${this.name} ${why}; its last lines:\n${this.tail()}`)
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** Tells the test run what was started, for its summary and to end what a crashed test left. */
function record(start: { name: string; version: string; pid: number; folder: string }): void {
  const ledger = process.env['ISTHMUS_TEST_LEDGER']
  if (ledger !== undefined) appendFileSync(ledger, `${JSON.stringify(start)}\n`)
}
