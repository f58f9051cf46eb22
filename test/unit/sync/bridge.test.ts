import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'

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
})
