import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { keyOf } from '../../support/sync/ring.ts'

const at = (id: string, host = `${id}.own`): Instance => {
  return { id, host, port: 80, health: 'passing', weight: 100, labels: {} }
}

interface World {
  readonly zk: MemoryBackend
  readonly consul: MemoryBackend
  readonly gateway: Gateway
}

/** Two services of the legacy side and one of the mesh, all of them shown on the other side. */
async function world(): Promise<World> {
  const zk = new MemoryBackend()
  const consul = new MemoryBackend()
  zk.register(keyOf('http:a'), at('a'))
  zk.register(keyOf('http:b'), at('b'))
  consul.register(keyOf('http:m'), at('m'))
  const removalBudget = { share: 0, atLeast: 0, windowMs: 60_000, holdMs: 60_000 }
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  const gateway = new Gateway({ owner: 'gw', ...sides, options: { removalBudget } })
  const shown = (): number => consul.keys().length + zk.keys().length
  await eventually('all are shown', () => shown() === 6 && gateway.isSettled())
  return { zk, consul, gateway }
}

const isShown = (backend: MemoryBackend, key: ServiceKey): boolean =>
  backend.instances(key).some(({ origin }) => origin?.owner === 'gw')

/** Where requests go that arrive at what stands for `key` in Consul. */
const behind = ({ consul, gateway }: World, key: ServiceKey): readonly Instance[] =>
  consul.instances(key).flatMap((entry) => gateway.exposure.behind(entry))

const paused = ({ gateway }: World): number =>
  gateway.bridge.status().directions.reduce((sum, one) => sum + one.paused, 0)

describe('pause', () => {
  test('nothing is written or removed until resume, and then all that was missed is', async () => {
    const it = await world()
    await using gateway = it.gateway
    expect(gateway.bridge.order('pause', {})).toBe(3)
    const writes = [it.zk.writes, it.consul.writes]
    it.zk.register(keyOf('http:new'), at('new'))
    it.consul.deregister(keyOf('http:m'), 'm')
    await eventually('both wait', () => paused(it) === 2)
    expect([it.zk.writes, it.consul.writes]).toEqual(writes)
    expect(
      gateway.bridge.plan().flatMap(({ action, detail }) => (action === 'pause' ? [detail] : [])),
    ).toEqual(['put', 'hold'])
    expect(gateway.bridge.lift({})).toMatchObject([{ kind: 'pause', scope: {} }])
    await eventually('the new one is shown', () => isShown(it.consul, keyOf('http:new')))
    await eventually('nothing waits for an operator', () => paused(it) === 0)
    expect(it.gateway.bridge.status().directions.map(({ held }) => held.length)).toEqual([0, 1])
  })

  test('traffic goes on: routes follow what the registries say', async () => {
    const it = await world()
    await using gateway = it.gateway
    gateway.bridge.order('pause', {})
    it.zk.register(keyOf('http:a'), at('a2', 'elsewhere'))
    const hosts = (): readonly string[] => behind(it, keyOf('http:a')).map(({ host }) => host)
    await eventually('both instances get requests', () => hosts().length === 2)
    it.zk.deregister(keyOf('http:a'), 'a')
    await eventually('the new one alone does', () => String(hosts()) === 'elsewhere')
  })

  test.each([
    ['a direction', { direction: 'mesh-to-legacy' }, ['http:m']],
    ['a registry that is written', { registry: 'consul' }, ['http:a', 'http:b']],
    ['a service by its name', { service: 'b' }, ['http:b']],
    ['a service by its key', { service: 'http:b' }, ['http:b']],
    ['all of that together', { direction: 'mesh-to-legacy', service: 'b' }, []],
  ] as const)('%s: the rest goes on', async (_what, scope, expected) => {
    const it = await world()
    await using gateway = it.gateway
    expect(gateway.bridge.order('pause', scope)).toBe(expected.length)
    for (const name of ['a', 'b']) it.zk.register(keyOf(`http:${name}`), labelled(name))
    it.consul.register(keyOf('http:m'), labelled('m'))
    const steps = (): readonly string[] =>
      gateway.bridge.plan().flatMap(({ action, key }) => (action === 'skip' ? [] : [keyText(key)]))
    await eventually('all others are written', () => String(steps()) === String(expected))
    await eventually('those are counted', () => paused(it) === expected.length)
  })

  test('a part cannot be resumed of what is paused whole', async () => {
    const it = await world()
    await using gateway = it.gateway
    gateway.bridge.order('pause', { direction: 'legacy-to-mesh' })
    expect(gateway.bridge.lift({ service: 'a' })).toEqual([])
    expect(gateway.bridge.status().orders).toHaveLength(1)
  })
})

const labelled = (id: string): Instance => ({ ...at(id), labels: { changed: 'yes' } })

describe('drain', () => {
  test('a drained service that its own registry has no more is offered no longer, one that it has is', async () => {
    const it = await world()
    await using gateway = it.gateway
    gateway.bridge.order('drain', { direction: 'legacy-to-mesh' })
    const isTaken = (): boolean =>
      !isShown(it.consul, keyOf('http:a')) && !isShown(it.consul, keyOf('http:b'))
    await eventually('all are taken back', isTaken)
    it.zk.deregister(keyOf('http:a'), 'a')
    const offered = (): string => gateway.exposure.offered().join()
    const left = 'legacy-to-mesh http:b,mesh-to-legacy http:m'
    await eventually('its port is given back', () => offered() === left)
  })

  test('further trap: a pause leaves entries; a drain takes back all that is ours, whatever the budget says, and nothing else', async () => {
    const it = await world()
    await using gateway = it.gateway
    const [address] = it.consul.instances(keyOf('http:a'))
    if (!address) throw new Error('it is shown')
    const shown = gateway.bridge.exported()
    gateway.bridge.order('pause', {})
    await eventually('it was looked at', () => gateway.isSettled())
    expect(gateway.bridge.exported()).toBe(shown)
    gateway.bridge.order('drain', {})
    await eventually('all is taken back', () => gateway.bridge.exported() === 0)
    expect(it.zk.keys().map(keyText)).toEqual(['http:a', 'http:b'])
    expect(it.consul.keys().map(keyText)).toEqual(['http:m'])
    expect(gateway.exposure.behind(address)).toHaveLength(1)
    it.zk.register(keyOf('http:late'), at('late'))
    await eventually('it was looked at', () => gateway.isSettled())
    expect(it.consul.keys().map(keyText)).toEqual(['http:m'])
  })

  test('one service, and back again', async () => {
    const it = await world()
    await using gateway = it.gateway
    expect(gateway.bridge.order('drain', { service: 'a' })).toBe(1)
    await eventually('it is taken back', () => !isShown(it.consul, keyOf('http:a')))
    expect(isShown(it.consul, keyOf('http:b'))).toBe(true)
    gateway.bridge.lift({ service: 'a' })
    await eventually('it is shown again', () => isShown(it.consul, keyOf('http:a')))
  })
})

test('release lets go what it is about, and says so', async () => {
  const it = await world()
  await using gateway = it.gateway
  it.zk.deregister(keyOf('http:a'), 'a')
  it.zk.deregister(keyOf('http:b'), 'b')
  const held = (): number =>
    gateway.bridge.status().directions.reduce((sum, one) => sum + one.held.length, 0)
  await eventually('both are held', () => held() === 2)
  const released = gateway.bridge.release({ service: 'http:a' })
  expect(released).toEqual([{ direction: 'legacy-to-mesh', registry: 'consul', key: 'http:a' }])
  await eventually('it is gone', () => it.consul.instances(keyOf('http:a')).length === 0)
  expect(isShown(it.consul, keyOf('http:b'))).toBe(true)
})
