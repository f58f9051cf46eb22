import { afterEach, describe, expect, test } from '@jest/globals'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Instance } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { World, instance } from '../../support/sync/explained-world.ts'
import type { Gateway } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf } from '../../support/sync/ring.ts'

/** A service of the mesh whose consumers on the legacy side ask for its interface. */
const PAY = keyOf('dubbo:pay')

let life: Lifetime | undefined
afterEach(async () => {
  await life?.[Symbol.asyncDispose]()
})

/** Instances of `pay` by the interface that each says it has; `-` says none. */
function says(words: readonly string[]): readonly Instance[] {
  return words.map((word, at) =>
    instance(String.fromCharCode(97 + at), { labels: word === '-' ? {} : { interface: word } }),
  )
}

function start(instances: readonly Instance[]): { world: World; gateway: Gateway } {
  const world = new World()
  life = world.life
  for (const one of instances) world.consul.register(PAY, one)
  return { world, gateway: world.start({ legacy: { name: 'zk', backend: world.zk } }) }
}

/** What the legacy side is shown, in order. */
const shown = ({ zk }: World): readonly string[] =>
  zk
    .keys()
    .map(({ name }) => name)
    .sort()

describe('the name of an RPC service where not all instances say its interface', () => {
  test.each([
    ['all say it', ['A', 'A', 'A'], 'A', 'template {name}'],
    [
      'one of ten lacks it',
      [...Array<string>(9).fill('A'), '-'],
      'A',
      'template {name}, interface A of 9 of 10 instances',
    ],
    [
      'only one has it: by the other name no consumer would ask',
      ['-', '-', 'A'],
      'A',
      'template {name}, interface A of 1 of 3 instances',
    ],
    [
      'an empty one says nothing',
      ['', 'A'],
      'A',
      'template {name}, interface A of 1 of 2 instances',
    ],
    [
      'two are said: the one that most say',
      ['B', 'A', 'B'],
      'B',
      'template {name}, interface B of 2 of 3 instances',
    ],
    [
      'as many say either: the first in order',
      ['B', 'A'],
      'A',
      'template {name}, interface A of 1 of 2 instances',
    ],
    ['nobody says it', ['-', '-'], 'pay', 'template {name}'],
  ])('%s', async (_what, words, name, rule) => {
    const { world, gateway } = start(says(words))
    await eventually('shown', () => gateway.isSettled() && shown(world).length === 1)
    expect(shown(world)).toEqual([name])
    const { services } = gateway.bridge.explain('pay')
    const ours = services.find(({ direction }) => direction === 'mesh-to-legacy')
    expect(ours?.exports[0]?.rule).toBe(rule)
  })

  test('one more that lacks it comes and goes: nothing is renamed, and nothing taken away', async () => {
    const { world, gateway } = start(says(['A', 'A']))
    await eventually('shown', () => gateway.isSettled() && shown(world).length === 1)
    const [entry] = world.zk.instances(keyOf('dubbo:A'))
    world.consul.register(PAY, instance('z'))
    await eventually('seen', () => entry && gateway.exposure.behind(entry).length === 3)
    await eventually('settled', () => gateway.isSettled())
    world.consul.deregister(PAY, 'z')
    await eventually('seen', () => entry && gateway.exposure.behind(entry).length === 2)
    await eventually('settled', () => gateway.isSettled())
    expect(shown(world)).toEqual(['A'])
    expect(gateway.bridge.status().directions.map(({ writes }) => writes.withdrawn)).toEqual([0, 0])
  })

  test('one that takes no traffic counts: a failing check renames nothing', async () => {
    const { world, gateway } = start(says(['A', '-']))
    await eventually('shown', () => gateway.isSettled() && shown(world).length === 1)
    const [entry] = world.zk.instances(keyOf('dubbo:A'))
    world.consul.register(PAY, instance('a', { health: 'critical', labels: { interface: 'A' } }))
    await eventually('seen', () => entry && gateway.exposure.behind(entry).length === 1)
    await eventually('settled', () => gateway.isSettled())
    expect(shown(world)).toEqual(['A'])
  })

  test('two services that say one interface collide before anything is written', async () => {
    const { world, gateway } = start(says(['A', '-']))
    await eventually('shown', () => gateway.isSettled() && shown(world).length === 1)
    world.consul.register(
      keyOf('dubbo:pay-2'),
      instance('b', { host: 'b2.own', labels: { interface: 'A' } }),
    )
    world.consul.register(keyOf('dubbo:pay-2'), instance('c', { host: 'c2.own' }))
    await eventually('seen', () => gateway.bridge.explain('pay-2').services.length === 1)
    await turns(20)
    expect(shown(world)).toEqual(['A'])
    expect(gateway.bridge.explain('pay-2').services[0]?.exports[0]).toMatchObject({
      action: 'skip',
      reason: 'collision',
      detail: 'dubbo:pay has the name',
    })
  })

  test('what comes back to the mesh by another gateway has its name there again', async () => {
    const { world, gateway } = start(says(['A', '-']))
    await eventually('shown', () => gateway.isSettled() && shown(world).length === 1)
    const [entry] = world.zk.instances(keyOf('dubbo:A'))
    expect(entry?.origin?.key).toEqual(PAY)
  })
})
