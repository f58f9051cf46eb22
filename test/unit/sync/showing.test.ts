import { expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'

const SHOPS = Array.from({ length: 20 }, (_, n) => ({
  name: `shop-${String(n)}`,
  protocol: 'http',
}))
const at = (host: string) =>
  ({ id: 'a', host, port: 80, health: 'passing', weight: 100, labels: {} }) as const

/** A registry that tells when it is asked to show what was hidden in it. */
function telling(registry: Registry, told: (name: string) => void): Registry {
  const { presence } = registry
  return {
    ...registry,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    presence: {
      claim: (signal) => presence.claim(signal),
      keep: (signal) => presence.keep(signal),
      hide: (signal) => presence.hide(signal),
      show: async (signal) => {
        told(registry.name)
        await presence.show(signal)
      },
    },
  }
}

function sides() {
  return {
    legacy: { name: 'zk', backend: new MemoryBackend() },
    mesh: { name: 'consul', backend: new MemoryBackend() },
  }
}

test('what stands from an earlier run is shown once both sides are read and each service has its address', async () => {
  const { legacy, mesh } = sides()
  for (const shop of SHOPS) legacy.backend.register(shop, at('10.0.0.1'))
  await using before = new Gateway({ owner: 'gw', legacy, mesh })
  await eventually('written', () => before.isSettled() && mesh.backend.writes === SHOPS.length)
  await before.kill()
  legacy.backend.disconnect()

  const shown = new Map<string, number>()
  const wrap = (registry: Registry): Registry =>
    telling(registry, (name) => shown.set(name, again.exposure.offered().length))
  const again = new Gateway({ owner: 'gw', legacy, mesh, exposure: { slow: true }, wrap })
  await using stopping = again
  const state = (): readonly string[] => again.bridge.status().mirrors.map((one) => one.state)
  await eventually('the mesh is read', () => state()[1] === 'complete')
  const identities = (): readonly string[] =>
    again.bridge.status().identities.map((one) => one.state)
  await eventually('its identity is held', () => identities()[1] === 'held')
  expect([...shown]).toEqual([])
  expect(stopping.exposure.offered()).toEqual([]) // nobody would be answered

  legacy.backend.connect()
  await eventually('shown', () => shown.size === 2)
  expect(shown.get('consul')).toBe(SHOPS.length)
  expect(mesh.backend.writes).toBe(SHOPS.length)
})

test('of what is held back since its service has gone nobody waits for an address', async () => {
  const { legacy, mesh } = sides()
  for (const shop of SHOPS) legacy.backend.register(shop, at('10.0.0.1'))
  await using before = new Gateway({ owner: 'gw', legacy, mesh })
  await eventually('written', () => before.isSettled() && mesh.backend.writes === SHOPS.length)
  await before.kill()
  for (const shop of SHOPS.slice(1)) legacy.backend.deregister(shop, 'a')

  const shown = new Set<string>()
  const wrap = (registry: Registry): Registry => telling(registry, (name) => void shown.add(name))
  const removalBudget = { share: 0.1, atLeast: 1, windowMs: 60_000, holdMs: 600_000 }
  await using again = new Gateway({ owner: 'gw', legacy, mesh, wrap, options: { removalBudget } })
  await eventually('shown', () => shown.has('consul'))
  expect(again.bridge.status().directions[0]?.held.length).toBeGreaterThan(0)
})
