import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { keyText, type Instance } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'

const sleeper = { name: 'sleeper', protocol: 'http' }
const other = { name: 'other', protocol: 'http' }

const at = (labels: Instance['labels'] = {}, health: Instance['health'] = 'passing'): Instance => {
  return { id: 'a', host: '10.0.0.1', port: 80, health, weight: 100, labels }
}
const ZERO = { 'scale-to-zero': 'true' }

function sides(keeps: 'record' | 'session' = 'record') {
  return {
    legacy: { name: 'zk', backend: new MemoryBackend() },
    mesh: { name: 'consul', backend: new MemoryBackend({ keeps }) },
  }
}

const names = (backend: MemoryBackend): string =>
  backend
    .keys()
    .map(({ name }) => name)
    .join()
const skipped = (gateway: Gateway) =>
  gateway.bridge
    .plan()
    .map(({ key, reason, detail }) => `${keyText(key)} ${reason} ${detail ?? ''}`)

describe('scale to zero', () => {
  test('a service without a usable instance is withdrawn, one that is marked stays', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(sleeper, at(ZERO))
    legacy.backend.register(other, at())
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh })
    await eventually('both are there', () => names(mesh.backend) === 'sleeper,other')
    for (const key of [sleeper, other]) legacy.backend.register(key, at({}, 'critical'))
    await eventually('one is left', () => names(mesh.backend) === 'sleeper' && gateway.isSettled())
    legacy.backend.deregister(sleeper, 'a')
    const kept = 'http:sleeper scaled-to-zero label scale-to-zero'
    await eventually('it is known as gone', () => String(skipped(gateway)).includes(kept))
    expect(names(mesh.backend)).toBe('sleeper')
    expect(gateway.exposure.offered()).toEqual(['legacy-to-mesh http:sleeper'])
  })

  test('it stays through a restart of the gateway, and is taken over from its session', async () => {
    const { legacy, mesh } = sides('session')
    legacy.backend.register(sleeper, at(ZERO))
    const setup = { owner: 'gw', legacy, mesh }
    const first = new Gateway(setup)
    await eventually('it is there', () => first.isSettled() && names(mesh.backend) === 'sleeper')
    legacy.backend.deregister(sleeper, 'a')
    await first.kill()
    await using second = new Gateway(setup)
    const kept = () => mesh.backend.instances(sleeper)[0]
    const before = mesh.backend.writes
    await eventually('it is taken over', () => second.isSettled() && mesh.backend.writes > before)
    await Promise.all(first.registries.map((registry) => registry[Symbol.asyncDispose]()))
    expect(kept()).toBeDefined()
  })

  test('a rule of the configuration says so too, until it is taken back', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(sleeper, at())
    const options = { scaleToZero: ['sleep*'] }
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh, options })
    await eventually('it is there', () => names(mesh.backend) === 'sleeper')
    legacy.backend.deregister(sleeper, 'a')
    const kept = 'http:sleeper scaled-to-zero sync.scaleToZero sleep*'
    await eventually('it stays by the rule', () => String(skipped(gateway)).includes(kept))
    expect(names(mesh.backend)).toBe('sleeper')
    gateway.configure({ scaleToZero: [] })
    await eventually('it goes', () => names(mesh.backend) === '')
  })

  test('when an instance is back the entry is what it was, and nothing is written', async () => {
    const { legacy, mesh } = sides()
    legacy.backend.register(sleeper, at(ZERO))
    await using gateway = new Gateway({ owner: 'gw', legacy, mesh })
    await eventually('it is there', () => gateway.isSettled() && names(mesh.backend) === 'sleeper')
    legacy.backend.deregister(sleeper, 'a')
    await eventually('it sleeps', () => String(skipped(gateway)).includes('scaled-to-zero'))
    const { writes } = mesh.backend
    legacy.backend.register(sleeper, at(ZERO))
    const isAwake = (): boolean => !String(skipped(gateway)).includes('scaled-to-zero')
    await eventually('it is awake', () => gateway.isSettled() && isAwake())
    expect(mesh.backend.writes).toBe(writes)
  })
})
