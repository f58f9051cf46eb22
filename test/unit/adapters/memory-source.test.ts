import { expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { follow } from '../../support/follower.ts'

test('an empty registry that cannot be reached is stale too: it may have been filled meanwhile', async () => {
  const backend = new MemoryBackend()
  await using registry = openMemoryRegistry({ name: 'memory' }, { owner: 'gw-a', backend })
  await using follower = follow(registry.source)
  expect(await follower.snapshot()).toEqual([])
  backend.disconnect()
  await follower.until('it is stale', () => follower.stale)
  backend.register(
    { name: 'billing', protocol: 'http' },
    { id: 'one', host: '10.0.0.1', port: 80, health: 'passing', weight: 100, labels: {} },
  )
  backend.connect()
  await follower.until('it is read again', () => !follower.stale)
  expect(follower.records.size).toBe(1)
})

test('what was never read is not stale but unknown: nothing is said before the first snapshot', async () => {
  const backend = new MemoryBackend()
  backend.disconnect()
  await using registry = openMemoryRegistry({ name: 'memory' }, { owner: 'gw-a', backend })
  await using follower = follow(registry.source)
  backend.connect()
  await follower.snapshot()
  expect(follower.events.map(({ kind }) => kind)).toEqual(['snapshot'])
})
