import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { readOnly } from '../../support/sync/explained-world.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import type { GatewaySetup } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf } from '../../support/sync/ring.ts'

function instance(id: string, part: Partial<Instance> = {}): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {}, ...part }
}

interface World {
  readonly zk: MemoryBackend
  readonly consul: MemoryBackend
  readonly start: (part?: Partial<GatewaySetup>) => Gateway
}

function world(): World {
  const zk = new MemoryBackend({ keeps: 'session' })
  const consul = new MemoryBackend()
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  return { zk, consul, start: (part) => new Gateway({ owner: 'gw', ...sides, ...part }) }
}

/** One line a step, without what is skipped because it is ours. */
function linesOf({ bridge }: Gateway): readonly string[] {
  return bridge
    .plan()
    .filter(({ reason }) => reason !== 'loop')
    .map(({ direction, key, action, reason, detail }) =>
      [direction, keyText(key), action, reason, ...(detail ? [detail] : [])].join(' '),
    )
}

describe('plan', () => {
  test('says what would be written and why, and what is kept back and why', async () => {
    const { zk, consul, start } = world()
    await using first = start()
    consul.register(keyOf('http:old'), instance('old'))
    consul.register(keyOf('http:kept'), instance('kept'))
    await eventually('exported', () => zk.keys().length === 2)
    await first.kill()
    consul.deregister(keyOf('http:old'), 'old')
    zk.register(keyOf('dubbo:A.b'), instance('a'))
    zk.register(keyOf('dubbo:a.b'), instance('b'))
    zk.register(keyOf('http:sick'), instance('sick', { health: 'critical' }))
    zk.register(keyOf('http:idle'), instance('idle', { weight: 0 }))
    zk.register(keyOf('http:refused'), instance('refused'))
    zk.register(keyOf('dubbo:native'), instance('n'))
    consul.register(keyOf('http:native'), instance('native'))
    const removalBudget = { share: 0, atLeast: 0, windowMs: 60_000, holdMs: 60_000 }
    await using second = start({ wrap: readOnly, options: { removalBudget } })
    await eventually('ready', () => second.bridge.ready())
    expect(linesOf(second)).toEqual([
      'legacy-to-mesh dubbo:a-b put new',
      'legacy-to-mesh dubbo:a-b skip collision dubbo:a.b, as dubbo:A.b has the name',
      'legacy-to-mesh dubbo:native skip name-taken',
      'legacy-to-mesh http:idle skip no-usable-instance',
      'legacy-to-mesh http:refused skip not-accepted no room for it',
      'legacy-to-mesh http:sick skip no-usable-instance',
      'mesh-to-legacy http:kept take-over other-session',
      'mesh-to-legacy http:native put new',
      'mesh-to-legacy http:old hold gone',
    ])
  })

  test('a mirror that cannot vouch is waited for', async () => {
    const { zk, consul, start } = world()
    zk.register(keyOf('http:a'), instance('a'))
    zk.register(keyOf('http:b'), instance('b'))
    await using gateway = start()
    await eventually('exported', () => consul.keys().length === 2)
    await eventually('nothing to do', () => linesOf(gateway).length === 0)
    zk.hide(['a'])
    const one = ['legacy-to-mesh http:a wait source-unknown zk cannot read a: cannot be read']
    await eventually('one is unknown', () => String(linesOf(gateway)) === String(one))
    zk.disconnect()
    const both = ['a', 'b'].map(
      (name) => `legacy-to-mesh http:${name} wait source-unknown zk is stale: disconnected`,
    )
    await eventually('both are unknown', () => String(linesOf(gateway)) === String(both))
    expect(consul.keys()).toHaveLength(2)
  })
})

describe('collisions', () => {
  test('the one that is exported keeps the name, and gives it up only when it is gone', async () => {
    const { zk, consul, start } = world()
    const target = keyOf('http:a-b')
    const shown = (): readonly string[] =>
      consul.instances(target).map(({ origin }) => origin?.key.name ?? '')
    zk.register(keyOf('http:a_b'), instance('first'))
    await using gateway = start()
    await eventually('exported', () => shown().length === 1)
    zk.register(keyOf('http:A.B'), instance('second'))
    const collisions = (): readonly string[] =>
      gateway.bridge.status().directions.flatMap(({ collisions: keys }) => keys)
    await eventually('reported', () => String(collisions()) === 'http:A.B')
    await turns(50)
    expect(shown()).toEqual(['a_b'])
    expect(consul.writes).toBe(1)
    zk.deregister(keyOf('http:a_b'), 'first')
    await eventually('the other has it', () => String(shown()) === 'A.B')
    expect(collisions()).toEqual([])
  })

  test('gateways that choose differently at the same time agree', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { zk, consul, start } = world()
      const zk2 = new MemoryBackend()
      zk.register(keyOf('http:a_b'), instance('one'))
      zk2.register(keyOf('http:A.B'), instance('two'))
      consul.disconnect()
      await using first = start()
      await using second = start({ owner: 'gw2', legacy: { name: 'zk2', backend: zk2 } })
      await turns(round)
      consul.connect()
      const claims = (): ReadonlySet<string | undefined> =>
        new Set(consul.instances(keyOf('http:a-b')).map(({ origin }) => origin?.key.name))
      await eventually('one has it', () => claims().size === 1)
      await turns(50)
      await eventually('settled', () => first.isSettled() && second.isSettled())
      expect(claims().size).toBe(1)
    }
  })

  test("a dead gateway's leftover does not hold a name", async () => {
    const { zk, consul, start } = world()
    const target = keyOf('http:a-b')
    const origin = { owner: 'dead', registry: 'zk9', key: keyOf('http:A.B'), path: ['dead'] }
    const leftover = instance('left', { origin })
    zk.register(keyOf('http:a_b'), instance('one'))
    consul.register(target, leftover)
    await using gateway = start()
    await eventually('ready', () => gateway.bridge.ready())
    await turns(30)
    // It may live: then it was there first.
    expect(consul.instances(target)).toEqual([leftover])
    consul.register(target, { ...leftover, health: 'critical' })
    await eventually('ours stands', () => consul.instances(target).length === 2)
    await turns(30)
    expect(consul.writes).toBe(1)
    await eventually('settled', () => gateway.isSettled())
  })

  test('what cannot be read after a restart keeps its name', async () => {
    const { zk, consul, start } = world()
    const target = keyOf('http:a-b')
    const shown = (): string =>
      String(consul.instances(target).map(({ origin }) => origin?.key.name ?? ''))
    zk.register(keyOf('http:a_b'), instance('first'))
    await using first = start()
    await eventually('exported', () => shown() === 'a_b')
    await first.kill()
    zk.hide(['a_b'])
    zk.register(keyOf('http:A.B'), instance('second'))
    await using second = start()
    await eventually('ready', () => second.bridge.ready())
    await turns(30)
    expect(shown()).toBe('a_b')
    expect(consul.writes).toBe(1)
  })
})

test("somebody else's record at an address of ours is not ours, and the plan comes to an end", async () => {
  const { zk, consul, start } = world()
  const pay = keyOf('http:pay')
  zk.register(pay, instance('p'))
  await using gateway = start()
  await eventually('exported', () => consul.instances(pay).length === 1)
  const [ours] = consul.instances(pay)
  const copy = instance('copied-by-hand', { host: ours?.host ?? '', port: ours?.port ?? 0 })
  for (const key of [pay, keyOf('http:other')]) consul.register(key, copy)
  await eventually('read', () => (gateway.bridge.status().mirrors[1]?.services ?? 0) === 2)
  await eventually('settled', () => gateway.isSettled())
  expect(linesOf(gateway)).toEqual([])
  expect(consul.instances(pay)).toHaveLength(2)
  expect(textsIn(zk)).toEqual(['http:pay'])
})

function textsIn(backend: MemoryBackend): readonly string[] {
  return backend.keys().map(keyText)
}
