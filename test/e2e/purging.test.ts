import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { isthmus, startIsthmus, type Finished } from '../support/command.ts'
import { OWNER } from '../support/gateway/gateway-config.ts'
import { dumpConsul, dumpZookeeper } from '../support/gateway/registry-dump.ts'
import { Stage } from '../support/gateway/stage.ts'
import { WritePoints } from '../support/gateway/write-points.ts'

/** `isthmus purge` that is disturbed, after a gateway that was killed. */
let stage: Stage
let untouched: Dump

interface Dump {
  readonly znodes: readonly string[]
  readonly consul: unknown
}

/**
 * At which of its writes, and how. The first few make its claims; then ZooKeeper's entries go, its
 * folders, and what is in Consul.
 */
const DISTURBED = [
  [8, 'killed'],
  [12, 'killed'],
  [14, 'cut off'],
] as const

const dump = async (): Promise<Dump> => ({
  znodes: await dumpZookeeper(stage.zookeeper.address),
  consul: await dumpConsul(stage.consul.address),
})

beforeAll(async () => {
  stage = await Stage.open({ servicesASide: 12 })
  untouched = await dump()
  const gateway = await stage.startedGateway()
  await gateway.command.kill()
}, 180_000)
afterAll(() => stage[Symbol.asyncDispose]())

async function purge(...more: readonly string[]): Promise<Finished> {
  return await isthmus('purge', '-c', await stage.configure({}), '--owner', OWNER, ...more)
}

test.each(['consul', 'zookeeper'] as const)(
  'fault: %s is down: purge says so, and removes nothing in the other one either',
  async (name) => {
    const before = await stage.exported.entries()
    const server = stage[name]
    await server.kill()
    const refused = [await purge('--yes'), await purge('--dry-run')]
    await server.restart()
    for (const { code, stderr } of refused) {
      expect([code, stderr]).toEqual([1, expect.stringContaining('REGISTRY_UNAVAILABLE')])
    }
    expect(await stage.exported.entries()).toEqual(before)
  },
  120_000,
)

test('fault: purge is cut off or killed half-way, again and again: the next one removes the rest and nothing else', async () => {
  const targets = { zookeeper: stage.zookeeper.address, consul: stage.consul.address }
  await using points = await WritePoints.before(targets)
  const path = await stage.configure(points.addresses)
  stage.exported.pardon(true)
  const sinceMs = Date.now()
  for (const [nth, how] of DISTURBED) {
    const struck = new AbortController()
    points.begin({ nth, moment: 'after', hit: () => struck.abort() })
    await using command = startIsthmus('purge', '-c', path, '--owner', OWNER, '--yes')
    struck.signal.addEventListener('abort', () => {
      if (how === 'killed') void command.kill()
    })
    const code = await command.ended()
    expect([nth, code]).toEqual([nth, how === 'killed' ? null : 1])
    if (how === 'cut off') expect(command.stderr()).toMatch(/REGISTRY_UNAVAILABLE|OWNER_TAKEN/)
    expect(await stage.wrongRemovals(sinceMs)).toEqual([])
  }
  points.begin()
  expect(await purge('--yes')).toMatchObject({ code: 0, stderr: '' })
  expect(await dump()).toEqual(untouched)
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
}, 300_000)
