import { expect, test } from '@jest/globals'
import { silentOf } from '../support/gateway/callers.ts'
import type { Entry } from '../support/gateway/consul-history.ts'
import { hostOf, HOSTS, Pair } from '../support/gateway/pair.ts'
import { serviceKeys } from '../support/gateway/services.ts'
import { originKey } from '../support/gateway/stage.ts'

/**
 * Two replicas that carry the traffic and share their ports. What was taken away for a moment is
 * read from ZooKeeper's own log and from Consul's indexes.
 */
const byKey = (entries: readonly Entry[]): ReadonlyMap<string, Entry> =>
  new Map(entries.map((entry) => [originKey(entry), entry]))

test.concurrent.each(['consul', 'zookeeper'] as const)(
  'fault: one of two replicas killed, ports in %s: hidden whole, the other serves, it is back as it was',
  async (store) => {
    await using pair = await Pair.open(store)
    const { services } = pair.stage
    // Half of its ports are taken: what it assigns is not what the other one would choose.
    const foreign = await pair.occupy()
    const killed = await pair.start('gw-a')
    await pair.shownAt('gw-a')
    const survivor = await pair.start('gw-b')
    await pair.shownAt('gw-a', 'gw-b')
    expect(await pair.portFaults()).toEqual([])
    await foreign[Symbol.asyncDispose]()
    // Both give these their ports at the same moment.
    await services.addLegacy(serviceKeys('legacy', 100, 104))
    await services.addMesh(serviceKeys('mesh', 100, 104))
    await pair.shownAt('gw-a', 'gw-b')
    expect(await pair.portFaults()).toEqual([])

    const before = byKey(await pair.written['gw-a'].entries())
    const znodes = await pair.znodesOf('gw-a')
    await killed.command.kill()
    const survivors = (await pair.found()).legacy
      .flat()
      .filter((one) => hostOf(one) === HOSTS['gw-b'])
    expect(await silentOf(survivors)).toEqual([])
    await pair.shownAt('gw-b')
    expect(await pair.portFaults()).toEqual([])
    expect(byKey(await pair.written['gw-a'].entries())).toEqual(before)
    expect(await pair.nodeChecks('gw-a')).toEqual([
      { 'isthmus-presence': 'critical', writtenOnce: true },
    ])
    expect(await pair.znodesOf('gw-a')).toEqual([])
    await services.addLegacy(serviceKeys('legacy', 200, 202))
    await services.addMesh(serviceKeys('mesh', 200, 202))
    await pair.shownAt('gw-b')

    await pair.start('gw-a')
    await pair.shownAt('gw-a', 'gw-b')
    expect(await pair.portFaults()).toEqual([])
    const after = byKey(await pair.written['gw-a'].entries())
    expect([...before.keys()].map((key) => after.get(key))).toEqual([...before.values()])
    expect(await pair.nodeChecks('gw-a')).toEqual([])
    expect(await pair.znodesOf('gw-a')).toEqual(expect.arrayContaining([...znodes]))
    expect(await pair.removals()).toEqual([])
    expect(await survivor.answers('readyz')).toBe(200)
  },
  240_000,
)
