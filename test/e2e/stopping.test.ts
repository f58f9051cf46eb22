import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { fileClient } from '../../src/app/sample/file-client.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { isthmus, startIsthmus, type Command } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { startService } from '../support/http-service.ts'
import { claimPorts, type PortRange } from '../support/servers/port-range.ts'

/** One service of the legacy side, and what becomes of it in the mesh; both are folders. */
class Scene implements AsyncDisposable {
  readonly #folder: string
  readonly #ports: PortRange
  readonly #life = new Lifetime()

  private constructor(folder: string, ports: PortRange) {
    this.#folder = folder
    this.#ports = this.#life.use(ports)
    this.#life.defer(() => rm(folder, { recursive: true, force: true }))
  }

  static async open(): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-stopping-'))
    for (const side of ['legacy', 'mesh']) await mkdir(join(folder, side))
    return new Scene(folder, await claimPorts(100))
  }

  async register(port: number): Promise<void> {
    const legacy = this.#life.use(fileClient(join(this.#folder, 'legacy')))
    await legacy.register('orders', '127.0.0.1', port)
  }

  /** Where callers in the mesh find the service. */
  async address(): Promise<string | undefined> {
    await using mesh = fileClient(join(this.#folder, 'mesh'))
    return await mesh.lookup('orders')
  }

  /** `name` is of the file and of the gateway's own state. */
  async configured(onStop: 'keep' | 'drain', name = 'gateway'): Promise<string> {
    const side = (registry: string): object => ({
      registries: [{ kind: 'file', name: registry, path: join(this.#folder, registry) }],
      headers: { accepts: ['w3c'], sends: ['w3c'] },
      advertise: '127.0.0.1',
    })
    const gateway = {
      ...{ id: 'gw-stopped', bind: '127.0.0.1', onStop, admin: { port: 0 } },
      ...{ legacy: side('legacy'), mesh: side('mesh') },
      ports: { from: this.#ports.from, to: this.#ports.to },
      state: { path: join(this.#folder, `state-${name}`) },
    }
    const path = join(this.#folder, `${name}.yaml`)
    await writeFile(path, JSON.stringify({ gateway })) // JSON is YAML
    return path
  }

  /** Runs once the service is known in the mesh. */
  async started(path: string): Promise<Command> {
    const command = startIsthmus('gateway', '-c', path)
    await command.logged('gateway is ready')
    await eventually('orders is in the mesh', () => this.address())
    return command
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }
}

describe('SIGTERM', () => {
  test('onStop: drain takes all back, then the process ends with 0', async () => {
    await using scene = await Scene.open()
    await using orders = await startService(() => undefined)
    await scene.register(orders.port)
    await using gateway = await scene.started(await scene.configured('drain'))
    expect(await gateway.stop()).toBe(0)
    expect(await scene.address()).toBeUndefined()
    expect(gateway.stderr()).toContain('drained: nothing points here any more')
  })

  test('onStop: drain answers as long as anybody may know the address', async () => {
    await using scene = await Scene.open()
    await using orders = await startService(() => undefined)
    await scene.register(orders.port)
    await using gateway = await scene.started(await scene.configured('drain'))
    const address = await scene.address()
    process.kill(gateway.pid, 'SIGTERM')
    await eventually('it is taken back', async () => (await scene.address()) === undefined)
    expect((await fetch(`http://${address ?? ''}/`)).status).toBe(200)
    expect(await gateway.ended()).toBe(0)
    await expect(fetch(`http://${address ?? ''}/`)).rejects.toThrow()
  })

  test('onStop: keep leaves the entry, and its next start has it at the same port', async () => {
    await using scene = await Scene.open()
    await using orders = await startService(() => undefined)
    await scene.register(orders.port)
    const path = await scene.configured('keep')
    await using before = await scene.started(path)
    const address = await scene.address()
    expect(await before.stop()).toBe(0)
    expect(await scene.address()).toBe(address)
    await using after = await scene.started(path)
    const answers = async (): Promise<boolean> =>
      (await fetch(`http://${address ?? ''}/`).catch(() => undefined))?.status === 200
    await eventually('it answers there', answers)
    expect(await after.stop()).toBe(0)
  })
})

describe('one process alone has an identity', () => {
  test('a second gateway ends by itself with 1 and says who has it; the first goes on', async () => {
    await using scene = await Scene.open()
    await using orders = await startService(() => undefined)
    await scene.register(orders.port)
    await using first = await scene.started(await scene.configured('keep'))
    const second = await isthmus('gateway', '-c', await scene.configured('keep', 'second'))
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('OWNER_TAKEN')
    expect(second.stderr).toContain(`pid ${String(first.pid)}`)
    expect((await fetch(`http://${(await scene.address()) ?? ''}/`)).status).toBe(200)
  })

  test('purge refuses while a gateway lives, removes nothing, and obeys --force', async () => {
    await using scene = await Scene.open()
    await using orders = await startService(() => undefined)
    await scene.register(orders.port)
    const path = await scene.configured('keep')
    await using gateway = await scene.started(path)
    const purge = (...more: readonly string[]) =>
      isthmus('purge', '-c', path, '--owner', 'gw-stopped', '--yes', ...more)
    const refused = await purge()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/a gateway gw-stopped.* may be alive in legacy/)
    expect(refused.stderr).toContain('OWNER_TAKEN')
    expect(await scene.address()).toBeDefined()
    process.kill(gateway.pid, 'SIGSTOP') // it would write again at once
    const forced = await purge('--force')
    expect(forced.code).toBe(0)
    expect(await scene.address()).toBeUndefined()
  })
})
