import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { names } from '../../../src/config/names.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { createBridge } from '../../../src/sync/bridge.ts'
import { eventually } from '../../support/eventually.ts'
import { altered } from '../../support/sync/altered.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { PredictingExposure } from '../../support/sync/predicting-exposure.ts'

const FOO = { name: 'com.acme.FooService', version: '1.0.0', protocol: 'dubbo' }

function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: '10.0.0.1', port: 8080, health: 'passing', weight: 100, labels: {}, ...part }
}

function sides(): {
  legacy: { name: string; backend: MemoryBackend }
  mesh: { name: string; backend: MemoryBackend }
} {
  return {
    legacy: { name: 'zk', backend: new MemoryBackend({ keeps: 'session' }) },
    mesh: { name: 'consul', backend: new MemoryBackend() },
  }
}

function texts(backend: MemoryBackend): readonly string[] {
  return backend
    .keys()
    .map((key: ServiceKey) => keyText(key))
    .sort()
}

describe('bridge', () => {
  test('carries services both ways and says where they come from', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(FOO, instance('a', { labels: { timestamp: '1', team: 'blue' } }))
    mesh.backend.register({ name: 'pay', protocol: 'http' }, instance('p'))
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh, exposure: { slow: true } })
    await eventually(
      'both are there',
      () => texts(mesh.backend).length === 2 && texts(legacy.backend).length === 2,
    )
    await eventually('settled', () => gateway.isSettled())
    const target = { name: 'com-acme-fooservice-v1-0-0', version: '1.0.0', protocol: 'dubbo' }
    expect(texts(mesh.backend)).toEqual([keyText(target), 'http:pay'].sort())
    expect(mesh.backend.instances(target)).toEqual([
      expect.objectContaining({
        host: 'gw.test',
        labels: { team: 'blue' },
        origin: { owner: 'gw', registry: 'zk', key: FOO, path: ['gw'] },
      }),
    ])
    expect(legacy.backend.instances({ name: 'pay', protocol: 'http' })).toHaveLength(1)
    expect([legacy.backend.writes, mesh.backend.writes]).toEqual([1, 1])
  })

  test('nothing is written before both were read completely, nor while the target is unknown', async () => {
    const { legacy, mesh } = sides()
    const tried: string[] = []
    const wrap = (registry: Registry): Registry => ({
      ...registry,
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
      sink: {
        normalize: (key, one) => registry.sink.normalize(key, one),
        recognizes: (owner, key, one) => registry.sink.recognizes(owner, key, one),
        accepts: (key) => registry.sink.accepts(key),
        apply: async (change, signal) => {
          if (!mesh.backend.connected) tried.push(`${registry.name} ${keyText(change.key)}`)
          await registry.sink.apply(change, signal)
        },
      },
    })
    legacy.backend.register(FOO, instance('a'))
    mesh.backend.disconnect()
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh, wrap })
    const deferred = (): number => gateway.bridge.status().directions[0]?.deferred ?? 0
    await eventually('it waits for the mesh', () => deferred() === 1)
    expect(gateway.bridge.ready()).toBe(false)
    // The data plane does not wait: it is told of every instance all the time.
    expect(gateway.exposure.offered()).toEqual([`legacy-to-mesh ${keyText(FOO)}`])
    mesh.backend.connect()
    await eventually('it is written', () => mesh.backend.keys().length === 1)
    await eventually('settled', () => gateway.isSettled())
    mesh.backend.disconnect()
    await eventually('stale', () => gateway.bridge.status().mirrors[1]?.state === 'stale')
    legacy.backend.deregister(FOO, 'a')
    legacy.backend.register({ name: 'new', protocol: 'http' }, instance('n'))
    await eventually('both wait', () => deferred() === 2)
    expect(tried).toEqual([])
    mesh.backend.connect()
    await eventually('caught up', () => String(texts(mesh.backend)) === 'http:new')
    await eventually('withdrawn from the edge', () => gateway.exposure.offered().length === 1)
  })

  test('too many withdrawals at once wait, and status and metrics say why; an operator lets them go', async () => {
    const { legacy, mesh } = sides()
    const names = Array.from({ length: 10 }, (_, n) => ({ name: `s${n}`, protocol: 'http' }))
    for (const key of names) legacy.backend.register(key, instance('a'))
    const removalBudget = { share: 0.3, atLeast: 2, windowMs: 600_000, holdMs: 600_000 }
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh, options: { removalBudget } })
    await eventually('exported', () => gateway.isSettled() && mesh.backend.keys().length === 10)
    for (const key of names) legacy.backend.deregister(key, 'a')
    const held = (): number => gateway.bridge.status().directions[0]?.held.length ?? 0
    await eventually('held', () => held() === 7)
    expect(mesh.backend.keys()).toHaveLength(7)
    const [toMesh] = gateway.bridge.status().directions
    expect(new Set(toMesh?.held.map(({ reason }) => reason))).toEqual(new Set(['gone']))
    const heldNow = async (): Promise<readonly string[]> =>
      (await gateway.metrics.registry.metrics())
        .split('\n')
        .filter((line) => line.startsWith('isthmus_sync_held{'))
    const labels = 'direction="legacy-to-mesh",registry="consul",reason="gone"'
    await eventually('counted', async () => String(await heldNow()).includes(`{${labels}} 7`))
    const back = names[9] ?? FOO
    legacy.backend.register(back, instance('b'))
    await eventually('one came back', () => held() === 6)
    gateway.bridge.release({})
    await eventually('let go', () => String(texts(mesh.backend)) === keyText(back))
    const offered = (): string => String(gateway.exposure.offered())
    await eventually('only one is offered', () => offered() === `legacy-to-mesh ${keyText(back)}`)
    expect(await heldNow()).toEqual([`isthmus_sync_held{${labels}} 0`])
  })
})

test('what a registry refuses is not tried again because some registry is back', async () => {
  const { legacy, mesh } = sides()
  let tries = 0
  const wrap = (registry: Registry): Registry =>
    registry.name === 'zk'
      ? registry
      : altered(registry, {
          sink: {
            apply: () => {
              tries += 1
              return Promise.reject(new IsthmusError('REGISTRY_REFUSED', 'no rights'))
            },
          },
        })
  legacy.backend.register(FOO, instance('a'))
  mesh.backend.register({ name: 'pay', protocol: 'http' }, instance('p'))
  await using gateway = new Gateway({ owner: 'gw', legacy, mesh, wrap })
  const { bridge } = gateway
  const reads = (): number => bridge.status().mirrors.reduce((sum, one) => sum + one.reads, 0)
  await eventually('it was refused', () => bridge.status().directions[0]?.failing === 1)
  for (const { backend } of [legacy, mesh]) {
    const before = reads()
    backend.disconnect()
    await eventually('stale', () => bridge.status().mirrors.some(({ state }) => state === 'stale'))
    backend.connect()
    await eventually('read again', () => reads() > before)
  }
  await turns(30)
  expect(tries).toBe(1)
})

test('a task of the bridge that fails ends the others and is reported', async () => {
  const { legacy, mesh } = sides()
  const broken = new Error('a fault of our own')
  const resync = (): never => {
    throw broken
  }
  const open = ({ name, backend }: typeof legacy): Registry =>
    altered(openMemoryRegistry({ name }, { owner: 'gw', backend }), { source: { resync } })
  const bridge = createBridge({
    owner: 'gw',
    legacy: [open(legacy)],
    mesh: [open(mesh)],
    exposure: new PredictingExposure({ host: 'gw.test' }),
    options: {
      names: names.parse({}),
      quietPeriodMs: 2,
      maxDelayMs: 10,
      // Whatever is to be removed is held, and a second read is asked for within milliseconds.
      removalBudget: { share: 0, atLeast: 0, windowMs: 60, holdMs: 600_000 },
    },
    log: silentLog,
    metrics: new Metrics(),
    clock: systemClock,
  })
  legacy.backend.register(FOO, instance('a'))
  const done = bridge.run(new AbortController().signal)
  await eventually('exported', () => mesh.backend.keys().length === 1)
  legacy.backend.deregister(FOO, 'a')
  await expect(done).rejects.toBe(broken)
})
