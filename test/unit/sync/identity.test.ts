import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { claimOf } from '../../../adapters/registries/memory/presence.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Identity } from '../../../src/sync/identity.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

const shop = { name: 'shop', protocol: 'http' }
const cart = { name: 'cart', protocol: 'http' }
const at = (host: string) =>
  ({ id: 'a', host, port: 80, health: 'passing', weight: 100, labels: {} }) as const

function sides() {
  return {
    legacy: { name: 'zk', backend: new MemoryBackend() },
    mesh: { name: 'consul', backend: new MemoryBackend() },
  }
}

const states = (gateway: Gateway) => gateway.bridge.status().identities.map(({ state }) => state)

describe('identity', () => {
  test('failure mode 8: two gateways under one identity: the second ends with OWNER_TAKEN and writes nothing', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(shop, at('10.0.0.1'))
    await using first = new Gateway({ owner: 'gw', legacy, mesh })
    await eventually('written', () => first.isSettled() && mesh.backend.writes === 1)
    const second = new Gateway({ owner: 'gw', legacy, mesh, exposure: { host: 'other.test' } })
    await expect(second.ended()).rejects.toMatchObject({ code: 'OWNER_TAKEN' })
    expect(mesh.backend.writes).toBe(1)
  })

  test('nothing is written before the identity is held, through an outage of both registries', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(shop, at('10.0.0.1'))
    const claim = claimOf('gw')
    const other = mesh.backend.openSession()
    legacy.backend.disconnect()
    mesh.backend.disconnect()
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh })
    expect(states(gateway)).toEqual(['claiming', 'claiming'])
    legacy.backend.connect()
    await eventually('one is claimed', () => states(gateway)[0] === 'held')
    expect(mesh.backend.elections.take(claim, other)).toBeDefined()
    mesh.backend.elections.free(claim)
    mesh.backend.connect()
    await eventually('written', () => mesh.backend.keys().length === 1)
    expect(states(gateway)).toEqual(['held', 'held'])
  })

  test('taken later: it stops writing, goes on offering, and comes back', async () => {
    const backend = new MemoryBackend()
    const registry = openMemoryRegistry({ name: 'consul' }, { owner: 'gw', backend })
    const other = backend.openSession()
    const clock = new ManualClock()
    const seen: string[] = []
    const onChange = (): void => void seen.push(identity.status.state)
    const identity = new Identity(registry, { log: silentLog, clock, onChange })
    const stop = new AbortController()
    const done = identity.run(stop.signal)
    await eventually('held', () => identity.isHeld)
    backend.elections.free(claimOf('gw'))
    // In the same turn: the one that keeps it has not heard yet.
    backend.elections.take(claimOf('gw'), other)
    backend.elections.changed()
    await eventually('taken', () => identity.status.state === 'taken')
    await clock.advance(5_000)
    expect(identity.isHeld).toBe(false)
    backend.closeSession(other)
    await clock.advance(5_000)
    await eventually('back', () => identity.isHeld)
    stop.abort()
    await done
    expect(seen).toEqual(['held', 'taken', 'taken', 'held'])
  })

  test('while it is taken changes wait, and are made when it is back', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(shop, at('10.0.0.1'))
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh })
    await eventually('written', () => gateway.isSettled() && mesh.backend.writes === 1)
    const other = mesh.backend.openSession()
    mesh.backend.elections.free(claimOf('gw'))
    mesh.backend.elections.take(claimOf('gw'), other)
    mesh.backend.elections.changed()
    await eventually('taken', () => states(gateway)[1] === 'taken')
    legacy.backend.register(cart, at('10.0.0.2'))
    legacy.backend.deregister(shop, 'a')
    const deferred = () => gateway.bridge.status().directions[0]?.deferred
    await eventually('both changes wait', () => deferred() === 2)
    expect(mesh.backend.writes).toBe(1)
    expect(gateway.exposure.offered()).toHaveLength(2) // traffic goes on
    mesh.backend.closeSession(other)
    const names = (): string =>
      mesh.backend
        .keys()
        .map(({ name }) => name)
        .join()
    await eventually('made up for', () => names() === 'cart', 10_000)
  })
})
