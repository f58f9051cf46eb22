import { createServer } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../adapters/registries/memory/backend.ts'
import { claimOf } from '../../adapters/registries/memory/presence.ts'
import { openMemoryRegistry } from '../../adapters/registries/memory/registry.ts'
import { names } from '../../src/config/names.ts'
import { sync } from '../../src/config/sync.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { errorCode } from '../../src/kernel/errors.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import { addressText } from '../../src/registry/exposure.ts'
import type { Instance, ServiceKey } from '../../src/registry/model.ts'
import { createBridge } from '../../src/sync/bridge.ts'
import type { Bridge } from '../../src/sync/bridge.ts'
import { startEdge } from '../support/edge.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { claimPorts } from '../support/servers/port-range.ts'
import type { PortRange } from '../support/servers/port-range.ts'
import { MemoryStateStore } from '../support/sync/memory-state-store.ts'

const OWNER = 'gw'
const MARK = { 'scale-to-zero': 'true' }

let life = new Lifetime()
beforeEach(() => {
  life = new Lifetime()
})
afterEach(() => life[Symbol.asyncDispose]())

/** Two memory registries, what a gateway keeps, and one gateway after the other between them. */
class Scene {
  readonly legacy = new MemoryBackend()
  readonly mesh = new MemoryBackend()
  readonly #state = new MemoryStateStore()
  readonly #ports: PortRange
  #gateway = new Lifetime()

  private constructor(ports: PortRange) {
    this.#ports = ports
  }

  static async open(): Promise<Scene> {
    const scene = new Scene(life.use(await claimPorts(100)))
    life.defer(() => scene.kill())
    return scene
  }

  /** A real edge and a real bridge; resolves once both registries have been read. */
  async start(): Promise<Bridge> {
    const gateway = new Lifetime()
    this.#gateway = gateway
    const { edge } = gateway.use(await startEdge({ state: this.#state, ports: this.#ports }))
    const open = (name: string, backend: MemoryBackend) =>
      gateway.use(openMemoryRegistry({ name }, { owner: OWNER, backend }))
    const bridge = createBridge({
      ...{ owner: OWNER, log: silentLog, metrics: new Metrics(), clock: systemClock },
      ...{ legacy: [open('zk', this.legacy)], mesh: [open('consul', this.mesh)] },
      options: { ...sync.parse({ quietPeriodMs: 2 }), names: names.parse({}) },
      exposure: edge.exposure,
    })
    gateway.run(
      (signal) => bridge.run(signal),
      () => undefined, // a test that waits for its work hears of it
    )
    await eventually('read', () => bridge.ready())
    return bridge
  }

  /** What stood in the mesh stays there. */
  async kill(): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]()
    for (const backend of [this.legacy, this.mesh]) backend.elections.free(claimOf(OWNER))
  }

  /** Where the mesh finds the service. */
  async entry(key: ServiceKey): Promise<Instance> {
    return await eventually('an entry', () => this.mesh.instances(key)[0] ?? false)
  }
}

async function startService(): Promise<Instance> {
  const server = createServer((_request, response) => response.end('awake'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  life.defer(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const usual = { health: 'passing', weight: 100 } as const
  return { id: 'a', host: '127.0.0.1', port, ...usual, labels: MARK }
}

const answerAt = async (entry: Instance): Promise<string> => {
  const response = await fetch(`http://${addressText(entry)}/`)
  return `${response.status} ${response.ok ? await response.text() : ''}`.trim()
}

/** Resolves when the connection is over. */
async function isAccepted(entry: Instance): Promise<boolean> {
  let failure: string | undefined
  const socket = connect(entry.port, entry.host)
  // What is reset so soon after it was accepted may not be told as connected at all.
  socket.on('error', (error) => (failure = errorCode(error)))
  await new Promise((ended) => socket.on('close', ended))
  return failure !== 'ECONNREFUSED'
}

test('after a restart an entry at zero is answered that there is no instance, and then by the first', async () => {
  const key: ServiceKey = { name: 'sleeper', protocol: 'http' }
  const scene = await Scene.open()
  const instance = await startService()
  scene.legacy.register(key, instance)
  await scene.start()
  const entry = await scene.entry(key)
  expect(await answerAt(entry)).toBe('200 awake')
  scene.legacy.deregister(key, instance.id)
  await scene.kill()
  await expect(answerAt(entry)).rejects.toThrow() // nobody listens

  const { writes } = scene.mesh
  const bridge = await scene.start()
  await eventually('it accepts', () => answerAt(entry).catch(() => false))
  expect(await answerAt(entry)).toBe('503')
  expect(await scene.entry(key)).toEqual(entry)
  const steps = () => bridge.plan().filter(({ direction }) => direction === 'legacy-to-mesh')
  await eventually('at zero', () => steps().some(({ reason }) => reason === 'scaled-to-zero'))

  scene.legacy.register(key, instance)
  await eventually('awake', async () => (await answerAt(entry)) === '200 awake')
  expect(await scene.entry(key)).toEqual(entry)
  expect(scene.mesh.writes).toBe(writes)
})

test('another protocol than HTTP: the connection is accepted, and ended', async () => {
  const key: ServiceKey = { name: 'sleeper', protocol: 'dubbo' }
  const scene = await Scene.open()
  scene.legacy.register(key, await startService())
  await scene.start()
  const entry = await scene.entry(key)
  scene.legacy.deregister(key, 'a')
  await scene.kill()
  expect(await isAccepted(entry)).toBe(false)
  await scene.start()
  await eventually('accepted, and ended', () => isAccepted(entry))
})
