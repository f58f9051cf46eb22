import { expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'

const PAY = { name: 'pay', protocol: 'http' }

function instance(id: string): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {} }
}

test('a restarted gateway takes its records over before the old session ends', async () => {
  const zk = new MemoryBackend({ keeps: 'session' })
  const consul = new MemoryBackend()
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  consul.register(PAY, instance('p'))
  await using killed = new Gateway({ owner: 'gw', ...sides })
  await eventually('exported', () => killed.isSettled() && zk.instances(PAY).length === 1)
  await killed.kill()
  await using next = new Gateway({ owner: 'gw', ...sides })
  await eventually('taken over', () => next.isSettled())
  await killed[Symbol.asyncDispose]() // the session of the killed one ends
  expect(zk.instances(PAY)).toHaveLength(1)
  await turns(20)
  expect(zk.writes).toBe(2) // the first, and the take-over
})

test('a service that cannot be read after a restart is not taken for gone', async () => {
  const zk = new MemoryBackend()
  const consul = new MemoryBackend()
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  zk.register(PAY, instance('a'))
  await using first = new Gateway({ owner: 'gw', ...sides })
  await eventually('exported', () => consul.instances(PAY).length === 1)
  await first.kill()
  zk.hide(['pay'])
  await using second = new Gateway({ owner: 'gw', ...sides })
  await eventually('ready', () => second.bridge.ready())
  await eventually('it waits', () => second.bridge.status().directions[0]?.deferred === 1)
  expect(consul.instances(PAY)).toHaveLength(1)
  zk.deregister(PAY, 'a')
  zk.hide([])
  await eventually('known to be gone', () => consul.instances(PAY).length === 0)
})

/** Loses the first record that is put, before anybody can have read it. */
class LosingBackend extends MemoryBackend {
  lost = 0

  override put(key: ServiceKey, one: Instance, session: number): void {
    super.put(key, one, session)
    if (this.lost > 0) return
    this.lost += 1
    this.deregister(key, one.id)
  }
}

test('a write that was lost before anybody read it is found at the next complete read', async () => {
  const zk = new MemoryBackend()
  const consul = new LosingBackend()
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  zk.register(PAY, instance('a'))
  await using gateway = new Gateway({ owner: 'gw', ...sides })
  await eventually('lost', () => consul.lost === 1)
  await turns(20)
  expect(consul.instances(PAY)).toHaveLength(0)
  gateway.resync()
  await eventually('written again', () => consul.instances(PAY).length === 1)
})
