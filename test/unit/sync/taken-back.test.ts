import { expect, test } from '@jest/globals'
import { leaseOf } from '../../../adapters/registries/memory/lease.ts'
import type { Instance } from '../../../src/registry/model.ts'
import { CLUSTER, modeFor } from '../../support/sync/cluster.ts'
import { LateMesh } from '../../support/sync/late-mesh.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { heardOfAll, PAY, release, rolledOut } from '../../support/sync/releases.ts'

/** Changes that are taken back before the registry they are written into has told of them. */

const OTHER = { name: 'other', protocol: 'http' }
const MANY = 20
const DIRECT = { addressing: modeFor('direct') }

/** A change is made and taken back before anything is heard of, and what is told then is from before. */
async function toldOfBefore(): Promise<LateMesh> {
  const world = new LateMesh({ bridge: { quietPeriodMs: 2_000, maxDelayMs: 4_000 } })
  await world.pass(1_000)
  world.isSilent = true
  await rolledOut(world, ['1'])
  const instances = world.consul.instances(PAY)
  await world.pass(2_500)
  await rolledOut(world, ['2'])
  world.says.push({ kind: 'upsert', record: { key: PAY, instances } })
  await rolledOut(world, ['1']) // looked at after that is told
  await world.pass(2_500)
  return world
}

test('what is told of a moment that has passed does not take away what stands since', async () => {
  await using world = await toldOfBefore()
  expect(world.releases(PAY)).toEqual(['1'])
  expect(world.emptied).toEqual([])
  expect(world.gateway.isSettled()).toBe(true)
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['1'])
  expect(world.removed).toEqual(['1', '2'])
})

test('… and what goes after that goes at once', async () => {
  await using world = await toldOfBefore()
  world.zk.deregister(PAY, 'h')
  await world.pass(2_500)
  expect(world.releases(PAY)).toEqual([])
})

/** Many direct instances, of which all but one have gone and come back. */
async function manyBack(
  away: (world: LateMesh) => void,
  back: (world: LateMesh) => void,
): Promise<LateMesh> {
  const world = new LateMesh({ bridge: DIRECT })
  const others = Array.from({ length: MANY }, (_, n) => `h${n}`)
  for (const host of ['h', ...others]) world.zk.register(PAY, release('1', host))
  await world.pass(6_000)
  away(world)
  for (const host of others) world.zk.deregister(PAY, host)
  await world.pass(1_000)
  for (const host of others) world.zk.register(PAY, release('1', host))
  await world.pass(1_000)
  back(world)
  await world.pass(5_000)
  expect(world.consul.instances(PAY)).toHaveLength(MANY + 1)
  expect(world.gateway.isSettled()).toBe(true)
  world.changes.length = 0
  return world
}

test('what came back puts nothing of it once more when another instance changes', async () => {
  const silent = (world: LateMesh): unknown => (world.isSilent = true)
  const telling = (world: LateMesh): unknown => (world.isSilent = false)
  await using world = await manyBack(silent, telling)
  await rolledOut(world, ['2', '3', '4'])
  expect(world.changes.map(({ puts }) => puts.length)).toEqual([1, 1, 1])
})

test('… neither after an outage in which none of it was written', async () => {
  const failing = (world: LateMesh): unknown => (world.failsNext = Infinity)
  const working = (world: LateMesh): unknown => (world.failsNext = 0)
  await using world = await manyBack(failing, working)
  await rolledOut(world, ['2', '3', '4'])
  expect(world.changes.map(({ puts }) => puts.length)).toEqual([1, 1, 1])
})

test('a change whose term ends in the midst of it, and that is taken back, leaves something there', async () => {
  await using world = new LateMesh({ bridge: DIRECT })
  for (const host of ['h', 'y']) world.zk.register(PAY, release('1', host))
  await world.pass(6_000)
  world.isSilent = true
  const remove = world.consul.remove.bind(world.consul)
  let between: readonly Instance[] | undefined
  world.consul.remove = (key, id) => {
    const isFirst = between === undefined
    between ??= world.consul.instances(key) // what is read between the put and the removals
    remove(key, id)
    if (!isFirst) return
    world.consul.elections.free(leaseOf(CLUSTER))
    world.zk.register(PAY, release('1'))
  }
  world.zk.disconnect()
  await world.pass(100)
  world.zk.register(PAY, release('2'))
  world.zk.deregister(PAY, 'y')
  world.zk.connect()
  for (let n = 0; n < 400 && !between; n += 1) await turns(1)
  world.says.push({ kind: 'upsert', record: { key: PAY, instances: between ?? [] } })
  await world.pass(3_000)
  expect(world.emptied).toEqual([])
  expect(world.releases(PAY)).toEqual(['1'])
})

test('what a replica may have written for all of them is taken away as soon as that can be', async () => {
  await using world = new LateMesh({ bridge: DIRECT })
  await world.pass(1_000)
  world.failsNext = Infinity
  await rolledOut(world, ['1'])
  world.gateway.configure({ addressing: modeFor('gateway') })
  world.failsNext = 0
  await world.pass(4_000)
  expect(world.consul.instances(PAY).map(({ host }) => host)).toEqual(['gw.test'])
  expect(world.gateway.isSettled()).toBe(true)
})

test('what was never written is not taken away for ever, however long writes fail', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.failsNext = Infinity
  for (let n = 0; n < 54; n += 1) {
    world.consul.register(OTHER, { ...release('1', 'o'), port: n + 1 }) // it tells of that
    if (n % 4 === 0 && n < 48) await rolledOut(world, [String(n)])
    if (n === 48) world.failsNext = 0
    await world.pass(5_000)
  }
  expect(world.releases(PAY)).toEqual(['44'])
  // As many as there were in the last minute or so.
  const [made, ...more] = world.changes
  expect(more).toEqual([])
  expect(made?.removals.length).toBeLessThan(6)
})
