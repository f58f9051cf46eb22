import { expect } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { addressesOf, following } from './registry-bench.ts'
import { promise, type ContractCase } from './registry-case.ts'

/** Handles that an adapter may hold open: connections and folder watches. */
function openHandles(): number {
  const kinds = ['TCPSocketWrap', 'TCPWrap', 'FSEventWrap', 'StatWatcher']
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length
}

const A = { host: '10.1.0.1', port: 8080 }
const B = { host: '10.1.0.2', port: 8081 }

/** What a source promises. */
export const READING: readonly ContractCase[] = [
  promise('the first event is a complete snapshot', async (harness) => {
    await harness.register(harness.key(0), [A, B])
    await harness.register(harness.key(1), [B])
    await using bench = await following(harness, 'reader')
    const records = await bench.follower.snapshot()
    expect(bench.follower.events[0]?.kind).toBe('snapshot')
    expect(records.map(({ key }) => key)).toEqual(
      expect.arrayContaining([harness.key(0), harness.key(1)]),
    )
    expect(records).toHaveLength(2)
    expect(addressesOf(bench.follower, harness.key(0))).toEqual(['10.1.0.1:8080', '10.1.0.2:8081'])
    expect(addressesOf(bench.follower, harness.key(1))).toEqual(['10.1.0.2:8081'])
  }),
  promise('an empty registry is a snapshot without records', async (harness) => {
    await using bench = await following(harness, 'reader')
    expect(await bench.follower.snapshot()).toEqual([])
    expect(bench.follower.events).toHaveLength(1)
  }),
  promise(
    'what a service registers by itself is passing, has weight 100 and no origin',
    async (harness) => {
      await harness.register(harness.key(0), [{ ...A, labels: { zone: 'a', owner: 'team-1' } }])
      await using bench = await following(harness, 'reader')
      await bench.follower.snapshot()
      const [seen] = bench.follower.instances(harness.key(0))
      expect(seen).toMatchObject({ ...A, health: 'passing', weight: 100 })
      expect(seen).not.toHaveProperty('origin')
      expect(seen?.labels).toMatchObject({ owner: 'team-1' })
    },
  ),
  promise('a new service is an upsert, its last instance gone a remove', async (harness) => {
    await using bench = await following(harness, 'reader')
    const { follower } = bench
    await follower.snapshot()
    await harness.register(harness.key(0), [A])
    await follower.until('the service', () => follower.instances(harness.key(0)).length === 1)
    await harness.register(harness.key(0), [B])
    await follower.until('a second', () => follower.instances(harness.key(0)).length === 2)
    await harness.deregister(harness.key(0), [A])
    await follower.until('one left', () => follower.instances(harness.key(0)).length === 1)
    expect(addressesOf(follower, harness.key(0))).toEqual(['10.1.0.2:8081'])
    await harness.deregister(harness.key(0), [B])
    await follower.until('none left', () => follower.records.size === 0)
    expect(follower.events.at(-1)).toEqual({ kind: 'remove', key: harness.key(0) })
  }),
  promise('a service that comes back is seen again', async (harness) => {
    await harness.register(harness.key(0), [A])
    await using bench = await following(harness, 'reader')
    const { follower } = bench
    await follower.snapshot()
    await harness.deregister(harness.key(0), [A])
    await follower.until('gone', () => follower.records.size === 0)
    await harness.register(harness.key(0), [A])
    await follower.until('back', () => follower.instances(harness.key(0)).length === 1)
  }),
  promise('resync yields one more complete snapshot', async (harness) => {
    await harness.register(harness.key(0), [A])
    await using bench = await following(harness, 'reader')
    const { follower } = bench
    await follower.snapshot()
    bench.registry.source.resync()
    const snapshots = (): number => follower.events.filter((e) => e.kind === 'snapshot').length
    await follower.until('a second snapshot', () => snapshots() === 2)
    expect(addressesOf(follower, harness.key(0))).toEqual(['10.1.0.1:8080'])
  }),
  promise('a watch can be ended and begun again', async (harness) => {
    await harness.register(harness.key(0), [A])
    await using registry = await harness.open('reader')
    for (const round of [1, 2]) {
      const abort = new AbortController()
      const kinds: string[] = []
      for await (const event of registry.source.watch(abort.signal)) {
        kinds.push(event.kind)
        abort.abort()
      }
      expect([round, ...kinds]).toEqual([round, 'snapshot'])
    }
  }),
  promise('closing ends the watch without an error and leaves no handle open', async (harness) => {
    await harness.register(harness.key(0), [A])
    const before = openHandles()
    {
      await using bench = await following(harness, 'reader')
      await bench.follower.snapshot()
    }
    await eventually('as few handles as before', () => openHandles() <= before)
  }),
]
