import { z } from 'zod'
import { startIsthmusOn, type Command } from '../command.ts'
import { eventually } from '../eventually.ts'
import { fetch } from '../fetch.ts'

const status = z.object({
  reload: z.object({ atMs: z.number() }).optional(),
  sync: z.object({
    mirrors: z.array(
      z.object({
        registry: z.string(),
        state: z.string(),
        services: z.number(),
        reads: z.number(),
      }),
    ),
    directions: z.array(
      z.object({
        name: z.string(),
        to: z.string(),
        writer: z.string().optional(),
        held: z.array(z.unknown()),
        writes: z.object({ put: z.number(), withdrawn: z.number() }),
      }),
    ),
  }),
})

const READY_WITHIN_MS = 60_000

/** A running `isthmus gateway`, with what its admin listener says. */
export class GatewayProcess implements AsyncDisposable {
  readonly command: Command
  /** `http://host:port` of its admin listener. */
  readonly admin: string

  private constructor(command: Command, admin: string) {
    this.command = command
    this.admin = admin
  }

  /** Resolves when it answers operators, which is before it has read anything. */
  static async start(configPath: string, nodeOptions = ''): Promise<GatewayProcess> {
    const command = startIsthmusOn(nodeOptions, ['gateway', '-c', configPath])
    try {
      const { url } = await command.logged('admin listens', READY_WITHIN_MS)
      return new GatewayProcess(command, String(url))
    } catch (error) {
      await command.kill()
      throw error
    }
  }

  /** HTTP status of `/livez` or `/readyz`. */
  async answers(path: 'livez' | 'readyz'): Promise<number> {
    return (await fetch(`${this.admin}/${path}`)).status
  }

  async ready(): Promise<void> {
    const look = async (): Promise<boolean> => (await this.answers('readyz')) === 200
    await eventually('the gateway is ready', look, READY_WITHIN_MS)
  }

  /** Until it says so of its copy of the registry. */
  async mirrorIs(registry: 'zk' | 'consul', state: 'stale' | 'complete'): Promise<void> {
    const look = async (): Promise<boolean> => {
      const { mirrors } = (await this.#status()).sync
      return mirrors.some((mirror) => mirror.registry === registry && mirror.state === state)
    }
    await eventually(`${registry} is ${state}`, look, READY_WITHIN_MS)
  }

  /** Until it has read so many services in each registry, its own entries among them. */
  async knows(services: number): Promise<void> {
    const look = async (): Promise<boolean> =>
      (await this.#status()).sync.mirrors.every((mirror) => mirror.services === services)
    await eventually(`it knows ${services} services on both sides`, look, READY_WITHIN_MS)
  }

  /** Complete reads of each registry so far. */
  async reads(): Promise<readonly number[]> {
    return (await this.#status()).sync.mirrors.map(({ reads }) => reads)
  }

  /** Whether it writes for its cluster, of each registry in order of name. */
  async writers(): Promise<readonly string[]> {
    const { directions } = (await this.#status()).sync
    const sorted = [...directions].sort((a, b) => (a.to < b.to ? -1 : 1))
    return sorted.map(({ to, writer }) => `${to}: ${writer ?? 'none'}`)
  }

  /** Records that it has put, or taken away, into the registry that it writes of each side. */
  async writes(): Promise<{ readonly put: number; readonly withdrawn: number }> {
    const all = (await this.#status()).sync.directions.map(({ writes }) => writes)
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
    return {
      put: sum(all.map(({ put }) => put)),
      withdrawn: sum(all.map(({ withdrawn }) => withdrawn)),
    }
  }

  /** Withdrawals that are held from the mesh. */
  async held(): Promise<number> {
    const { directions } = (await this.#status()).sync
    return directions.find(({ name }) => name === 'legacy-to-mesh')?.held.length ?? 0
  }

  /** When it last looked at its configuration again, by its own wall clock. */
  async lookedMs(): Promise<number | undefined> {
    return (await this.#status()).reload?.atMs
  }

  pause(): void {
    process.kill(this.command.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.command.pid, 'SIGCONT')
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    await this.command.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.command.kill()
  }

  async #status(): Promise<z.infer<typeof status>> {
    return status.parse(await (await fetch(`${this.admin}/status`)).json())
  }
}
