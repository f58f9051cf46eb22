import { expect, test } from '@jest/globals'
import type { Instance } from '../../../src/registry/model.ts'
import type { SourceEvent } from '../../../src/registry/ports.ts'
import { modeFor } from '../../support/sync/cluster.ts'
import { LateMesh, type LateMeshOptions } from '../../support/sync/late-mesh.ts'
import { heardOfAll, PAY, release, rolledOut } from '../../support/sync/releases.ts'

/** What a change is planned by while the one before it was written and is not heard of. */

function instance(host: string, labels: Instance['labels'] = {}): Instance {
  return { id: host, host, port: 80, health: 'passing', weight: 100, labels }
}

/** A world in which the first release of a service is known on both sides. */
async function known(bridge: LateMeshOptions['bridge'] = {}): Promise<LateMesh> {
  const world = new LateMesh({ bridge })
  world.zk.register(PAY, release('1'))
  await world.pass(6_000)
  expect(world.releases(PAY)).toEqual(['1'])
  world.isSilent = true
  return world
}

test('failure mode 9: of two changes the second takes along what the first wrote, heard of or not', async () => {
  await using world = await known()
  await rolledOut(world, ['2', '3'])
  expect(world.releases(PAY)).toEqual(['3'])
  expect(world.removed).toEqual(['1', '2'])
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['3'])
  expect(world.removed).toEqual(['1', '2'])
  expect(world.emptied).toEqual([])
})

test('a change taken back before it was heard of leaves what stood before, and never nothing', async () => {
  await using world = await known()
  await rolledOut(world, ['2', '1'])
  expect(world.releases(PAY)).toEqual(['1'])
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['1'])
  expect(world.removed).toEqual(['1', '2'])
  expect(world.emptied).toEqual([])
})

test('a change that fails at first takes along what the one before it wrote, heard of or not', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.isSilent = true
  await rolledOut(world, ['1'])
  world.failsNext = 1
  await rolledOut(world, ['2'])
  await world.pass(1_000)
  expect(world.releases(PAY)).toEqual(['2'])
})

test('a complete read from before a change does not make what it wrote forgotten', async () => {
  await using world = await known({ quietPeriodMs: 2_000, maxDelayMs: 4_000 })
  const instances = world.consul.instances(PAY)
  await rolledOut(world, ['2', '3'])
  expect(world.releases(PAY)).toEqual(['2']) // the second change waits for more
  world.says.push({ kind: 'snapshot', records: [{ key: PAY, instances }], unknownNames: [] })
  await world.pass(2_500)
  expect(world.releases(PAY)).toEqual(['3'])
})

test('a service that goes before its last change was heard of goes as soon as it is', async () => {
  await using world = await known()
  await rolledOut(world, ['2'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  const [step] = world.gateway.bridge.plan()
  const detail = 'consul has not told yet of what was written last'
  expect(step).toMatchObject({ action: 'wait', reason: 'target-unknown', detail })
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual([])
})

/** Told of nothing, as what was lost is never told of. */
const emptyRead: SourceEvent = { kind: 'snapshot', records: [], unknownNames: [] }

/** Of a service that has gone, and whose last change was lost before anybody read it. */
async function lostAndGone(): Promise<LateMesh> {
  const world = await known()
  await rolledOut(world, ['2'])
  for (const { id } of world.consul.instances(PAY)) world.consul.deregister(PAY, id)
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  return world
}

async function waitsAfter(world: LateMesh, ...said: readonly SourceEvent[]): Promise<boolean> {
  world.says.push(...said)
  await world.pass(500)
  const plan = world.gateway.bridge.plan()
  return plan.some(({ reason }) => reason === 'target-unknown')
}

test('a service that goes with its last change lost is waited for until it was read twice', async () => {
  await using world = await lostAndGone()
  expect(await waitsAfter(world, emptyRead)).toBe(true) // it may have begun before
  expect(await waitsAfter(world, emptyRead)).toBe(false)
})

test('… or once after its registry was lost, as what was read before that counts no more', async () => {
  await using world = await lostAndGone()
  const lost: SourceEvent = { kind: 'stale', reason: 'session expired' }
  expect(await waitsAfter(world, lost, emptyRead)).toBe(false)
})

test('a service whose last change failed goes at once', async () => {
  await using world = await known()
  world.failsNext = Infinity
  await rolledOut(world, ['2'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  expect(world.releases(PAY)).toEqual(['1'])
  world.failsNext = 0
  await world.pass(4_000)
  expect(world.releases(PAY)).toEqual([])
})

test('what is scaled to zero before its last change was heard of stays as that left it', async () => {
  await using world = await known({ scaleToZero: ['pay'] })
  await rolledOut(world, ['2'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['2'])
  expect(world.emptied).toEqual([])
})

test('what has lost its mark before it went does not stay, heard of or not', async () => {
  await using world = new LateMesh()
  world.zk.register(PAY, instance('h', { release: '1', 'scale-to-zero': 'true' }))
  await world.pass(6_000)
  world.isSilent = true
  await rolledOut(world, ['2'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual([])
})

test('what is scaled to zero before anything of it was heard of stays', async () => {
  await using world = new LateMesh({ bridge: { scaleToZero: ['pay'] } })
  await world.pass(1_000)
  world.isSilent = true
  await rolledOut(world, ['1'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['1'])
  expect(world.emptied).toEqual([])
})

test('a drain takes back what was not heard of as well', async () => {
  await using world = await known()
  await rolledOut(world, ['2'])
  world.gateway.bridge.order('drain', {})
  await world.pass(500)
  expect(world.releases(PAY)).toEqual([])
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual([])
})

test('the removal budget counts what was not heard of', async () => {
  const removalBudget = { share: 0.3, atLeast: 5, windowMs: 60_000, holdMs: 600_000 }
  await using world = await known({ removalBudget })
  const keys = Array.from({ length: 10 }, (_, n) => ({ name: `s${n}`, protocol: 'http' }))
  for (const key of keys) world.zk.register(key, instance('h'))
  await world.pass(500)
  const [first = PAY] = keys
  world.zk.deregister(first, 'h')
  await world.pass(500)
  await heardOfAll(world)
  expect(world.consul.instances(first)).toEqual([])
  expect(world.consul.keys()).toHaveLength(10)
})

test('failure mode 4: many direct instances that go at once are held back, heard of or not', async () => {
  const removalBudget = { share: 0.3, atLeast: 0, windowMs: 60_000, holdMs: 600_000 }
  await using world = await known({ addressing: modeFor('direct'), removalBudget })
  for (let n = 0; n < 10; n += 1) world.zk.register(PAY, instance(`h${n}`))
  await world.pass(1_000)
  expect(world.consul.instances(PAY)).toHaveLength(11)
  for (let n = 1; n < 10; n += 1) world.zk.deregister(PAY, `h${n}`)
  await world.pass(1_000)
  expect(world.consul.instances(PAY)).toHaveLength(11)
  expect(world.removed).toEqual([])
})

test('an entry that stays at zero is put right also when the first try fails', async () => {
  await using world = await known({ scaleToZero: ['pay'] })
  world.isSilent = false
  world.zk.deregister(PAY, 'h')
  await world.pass(1_000)
  const [entry] = world.consul.instances(PAY)
  if (!entry) throw new Error('the entry has not stayed')
  world.failsNext = 1
  world.consul.register(PAY, { ...entry, port: 9 })
  await world.pass(4_000)
  expect(world.consul.instances(PAY)).toEqual([entry])
})

test('of two records of one service that is scaled to zero the one that was put last stays', async () => {
  await using world = await known({ scaleToZero: ['pay'] })
  const before = world.consul.instances(PAY)
  await rolledOut(world, ['2'])
  const instances = [...before, ...world.consul.instances(PAY)]
  world.says.push({ kind: 'upsert', record: { key: PAY, instances } }) // read between put and removal
  await world.pass(500)
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  await heardOfAll(world)
  expect(world.releases(PAY)).toEqual(['2'])
})

test('a drain takes back what has come and gone before anything of it was heard of', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.isSilent = true
  await rolledOut(world, ['1'])
  world.zk.deregister(PAY, 'h')
  await world.pass(500)
  expect(world.releases(PAY)).toEqual(['1'])
  world.gateway.bridge.order('drain', {})
  await world.pass(500)
  expect(world.releases(PAY)).toEqual([])
})
