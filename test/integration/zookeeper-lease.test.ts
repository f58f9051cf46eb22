import { randomUUID } from 'node:crypto'
import { expect, jest, test } from '@jest/globals'
import type { Watcher } from 'node-zookeeper-client'
import { Connection } from '../../adapters/connections/zookeeper/connection.ts'
import { eventually } from '../support/eventually.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { openForTest } from '../support/zookeeper-harness.ts'

/** Of each znode, the watchers that were set there, as often as they were. */
function watchersSet(): ReadonlyMap<string, readonly Watcher[]> {
  const watchers = new Map<string, Watcher[]>()
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its connection below
  const stat = Connection.prototype.stat
  jest.spyOn(Connection.prototype, 'stat').mockImplementation(function (
    this: Connection,
    path,
    watcher,
  ) {
    if (watcher) watchers.set(path, [...(watchers.get(path) ?? []), watcher])
    return stat.call(this, path, watcher)
  })
  return watchers
}

test('failure mode 15: whoever has a lease or waits for it looks again and again by one watch', async () => {
  const options = { servers: [sharedZookeeper()], chroot: `/lease-${randomUUID()}` }
  const watchers = watchersSet()
  await using one = openForTest('gw-a', { ...options, sessionTimeoutMs: 4_000 })
  await using two = openForTest('gw-b', { ...options, sessionTimeoutMs: 6_000 })
  const leaving = new AbortController()
  const term = await one.lease('writer').acquire(leaving.signal)
  const waiting = two
    .lease('writer')
    .acquire(leaving.signal)
    .catch(() => undefined)
  // Both look at the znode of the one that has it: the library keeps every watcher until it changes.
  const looks = (): readonly Watcher[] => watchers.get(term.fence) ?? []
  await eventually('each has looked often', () => looks().length >= 12, 30_000)
  expect(new Set(looks()).size).toBe(2)
  leaving.abort()
  await waiting
  jest.restoreAllMocks()
})
