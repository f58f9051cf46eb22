import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import type { RealServer } from '../support/servers/real-server.ts'
import { startZookeeper } from '../support/servers/zookeeper.ts'
import { tearingProxy } from '../support/tearing-proxy.ts'
import { connectZookeeper, endSession } from '../support/zookeeper-client.ts'
import { A, B, ORDERS, Scene, WEB } from '../support/zookeeper-scene.ts'

let server: RealServer

beforeAll(async () => {
  server = await startZookeeper({ tickTimeMs: 200 })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

async function sessionOf(scene: Scene, path: string): Promise<string | undefined> {
  return (await scene.client.read(path))?.session
}

test('fault: failure mode 5: session ended under a live connection: all is read again, ours can be put again', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const ours = await scene.announce()
  const path = scene.path(WEB, ours)
  await scene.follower.until('ours', () => scene.follower.instances(WEB).length === 2)
  const before = (await sessionOf(scene, path)) ?? ''
  await endSession(server.address, before)
  await scene.stale()
  // The client may take the session up once more before the server has ended it.
  await scene.follower.until('ours is gone', () => scene.follower.instances(WEB).length === 1)
  await scene.converged()
  await scene.announce()
  await scene.follower.until('ours again', () => scene.follower.instances(WEB).length === 2)
  expect(await sessionOf(scene, path)).not.toBe(before)
  scene.neverWronglyGone()
})

test('fault: session ended while writing: each write happened or may be tried again', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const { presence } = scene.registry
  await presence.claim(AbortSignal.timeout(10_000))
  const ending = new AbortController()
  const kept = presence.keep(ending.signal)
  const path = scene.path(WEB, await scene.announce())
  for (let round = 0; round < 5; round++) {
    const session = (await sessionOf(scene, path)) ?? ''
    const writing = Array.from({ length: 10 }, () => scene.announce())
    const [, ...outcomes] = await Promise.allSettled([
      endSession(server.address, session),
      ...writing,
    ])
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
    const again = async (): Promise<boolean> => {
      await scene.announce().catch(() => undefined)
      const now = await sessionOf(scene, path)
      return now !== undefined && now !== session
    }
    await eventually('ours stands under another session', again)
  }
  await scene.converged()
  scene.neverWronglyGone()
  ending.abort()
  await kept
})

test('fault: cut off until the session is over: stale meanwhile, a new session afterwards', async () => {
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  const path = scene.path(WEB, await scene.announce())
  proxy.cut(true)
  await scene.stale()
  const gone = async (): Promise<boolean> => (await sessionOf(scene, path)) === undefined
  await eventually('the server ends the session', gone)
  proxy.cut(false)
  await scene.converged()
  scene.neverWronglyGone()
})

test('fault: cut off for a moment: the session goes on and what is ours is still ours', async () => {
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  const path = scene.path(WEB, await scene.announce())
  const before = await sessionOf(scene, path)
  proxy.cut(true)
  await scene.stale()
  proxy.cut(false)
  await scene.converged()
  await scene.follower.until('ours', () =>
    scene.follower.instances(WEB).some(({ keptBy }) => keptBy === 'this-session'),
  )
  expect(await sessionOf(scene, path)).toBe(before)
  scene.neverWronglyGone()
})

test('fault: changes while cut off are seen afterwards, in one snapshot', async () => {
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  proxy.cut(true)
  await scene.stale()
  await scene.register(ORDERS, { host: '10.1.0.3', port: 1 })
  proxy.cut(false)
  await scene.follower.until('a third', () => scene.follower.instances(ORDERS).length === 3)
  expect(scene.follower.events.map(({ kind }) => kind)).toEqual(['snapshot', 'stale', 'snapshot'])
})

test('fault: server killed and restarted: stale, then the same again', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  await scene.announce()
  await server.kill()
  await scene.stale()
  await server.restart()
  await scene.converged()
  scene.neverWronglyGone()
})

test('fault: server silent: the connection is given up in time, and taken up again', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  server.pause()
  try {
    await scene.stale()
  } finally {
    server.resume()
  }
  await scene.converged()
  scene.neverWronglyGone()
})

test('fault: server accepts and never answers: it is tried again and again', async () => {
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  proxy.holdAll(true)
  await scene.stale()
  const before = proxy.accepted()
  await eventually('three more tries', () => proxy.accepted() >= before + 3, 20_000)
  proxy.holdAll(false)
  await scene.converged()
  scene.neverWronglyGone()
})

test.each([
  ['within the length', 2],
  ['within the header', 9],
  ['within the content', 30],
  ['within a later reply', 200],
])('fault: reply torn %s: nothing of it is glued to the next connection', async (_, bytes) => {
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  proxy.tearAfter(bytes)
  scene.registry.source.resync()
  await scene.stale()
  await scene.converged()
  scene.neverWronglyGone()
})

test('fault: another ensemble behind the same address refuses the session: a new one is made', async () => {
  await using other = await startZookeeper({ tickTimeMs: 200 })
  await using proxy = await tearingProxy(server.address)
  await using scene = await Scene.begin(server.address, proxy.address)
  await scene.converged()
  await using client = await connectZookeeper(other.address)
  await client.createEphemeral(
    `${scene.chroot}/dubbo/com.acme.Other/providers/dubbo%3A%2F%2F10.1.1.1%3A1%2Fx`,
  )
  proxy.passTo(other.address)
  await scene.stale()
  const key = { name: 'com.acme.Other', protocol: 'dubbo' }
  await scene.follower.until(
    'the other one',
    () => scene.follower.instances(key).length === 1,
    20_000,
  )
  expect(scene.follower.events.filter(({ kind }) => kind === 'remove')).toEqual([])
})

test('fault: down at start: no snapshot, and a write says that it may be tried again', async () => {
  await using proxy = await tearingProxy(server.address)
  proxy.cut(true)
  await using scene = await Scene.begin(server.address, proxy.address)
  await expect(scene.announce()).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    retry: true,
  })
  expect(scene.follower.events).toEqual([])
  proxy.cut(false)
  await scene.converged()
  expect(scene.follower.events[0]?.kind).toBe('snapshot')
})

test('fault: garbage znodes: ignored, and what stands beside them goes on', async () => {
  await using scene = await Scene.begin(server.address)
  const { chroot, client } = scene
  for (const [path, data] of [
    ['dubbo/com.acme.Orders/providers/not-a-url', ''],
    ['dubbo/com.acme.Orders/providers/dubbo%3A%2F%2F10.1.0.9%3A70000%2Fx', ''],
    ['dubbo/com.acme.Orders/providers/%E0%A4%A', ''],
    ['dubbo/config/dubbo/dubbo.properties', 'a=b'],
    ['dubbo/metadata/com.acme.Orders', '{}'],
    ['dubbo/mapping/com.acme.Orders', 'app1,app2'],
    ['dubbo/com.acme.NoProviders/consumers/consumer%3A%2F%2F10.1.0.9%2Fx', ''],
    ['services/web/configurators', ''],
    ['services/web/text', 'not JSON'],
    ['services/web/list', '[]'],
    ['services/web/port', '{"address":"10.1.0.9","port":70000}'],
    ['services/only-garbage/text', 'not JSON'],
  ] as const)
    await client.createPersistent(`${chroot}/${path}`, data)
  scene.registry.source.resync()
  await scene.converged()
  await scene.register(ORDERS, { host: '10.1.0.3', port: 1 })
  await scene.follower.until('a third', () => scene.follower.instances(ORDERS).length === 3)
  expect(scene.follower.records.size).toBe(2)
  expect(scene.follower.events).not.toContainEqual(expect.objectContaining({ kind: 'remove' }))
})

test('fault: a service that may not be read is unknown in a snapshot, and known when it may', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const { follower, registry, client } = scene
  const folder = `${scene.chroot}/dubbo/${ORDERS.name}/providers`
  await client.forbid(folder, true)
  registry.source.resync()
  await follower.until('a snapshot without it', () => {
    const last = follower.events.at(-1)
    return last?.kind === 'snapshot' && last.unknownNames.join() === ORDERS.name
  })
  expect(follower.instances(WEB)).toHaveLength(1)
  await client.forbid(folder, false)
  await follower.until('known again', () => follower.instances(ORDERS).length === 2)
  expect(follower.events.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot', 'upsert'])
})

test('fault: a new service that may not be read is stale by its name alone', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const { follower, client, chroot } = scene
  await client.createForbidden(`${chroot}/services/locked`)
  await follower.until('unknown', () =>
    follower.events.some((event) => event.kind === 'stale' && event.name === 'locked'),
  )
  await scene.register(ORDERS, { host: '10.1.0.3', port: 1 })
  await follower.until('the others go on', () => follower.instances(ORDERS).length === 3)
  await client.forbid(`${chroot}/services/locked`, false)
  const known = { kind: 'remove', key: { name: 'locked', protocol: 'http' } }
  await follower.until('known to be empty', () => follower.events.at(-1)?.kind === 'remove')
  expect(follower.events.at(-1)).toEqual(known)
})

test('fault: registering again by remove and create is no end of the service', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const { follower, client, chroot } = scene
  const [child = ''] = await client.children(`${chroot}/services/web`)
  const path = `${chroot}/services/web/${child}`
  const data = (await client.read(path))?.data ?? ''
  const told = follower.events.length
  await Promise.all([
    client.remove(path),
    client.createPersistent(path, data.replace('10.1.0.1', '10.1.0.7')),
  ])
  await follower.until('the new address', () => follower.instances(WEB)[0]?.host === '10.1.0.7')
  expect(follower.events.slice(told).map(({ kind }) => kind)).not.toContain('remove')
})

test('fault: the folder of a service is deleted: that is its end', async () => {
  await using scene = await Scene.begin(server.address)
  await scene.converged()
  const { client, chroot, follower } = scene
  const folder = `${chroot}/dubbo/${ORDERS.name}/providers`
  for (const child of await client.children(folder)) await client.remove(`${folder}/${child}`)
  await client.remove(folder)
  await follower.until('gone', () => follower.instances(ORDERS).length === 0)
  await scene.register(ORDERS, A)
  await follower.until('back', () => follower.instances(ORDERS).length === 1)
  await scene.register(ORDERS, B)
  await follower.until('both', () => follower.instances(ORDERS).length === 2)
})
