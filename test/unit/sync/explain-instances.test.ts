import { afterEach, describe, expect, test } from '@jest/globals'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import { eventually } from '../../support/eventually.ts'
import { CLUSTER, modeFor } from '../../support/sync/cluster.ts'
import { World, instance, originOf, readOnly } from '../../support/sync/explained-world.ts'
import type { Row } from '../../support/sync/explained-world.ts'
import { keyOf } from '../../support/sync/ring.ts'

const PAY = keyOf('http:pay')

let life: Lifetime | undefined
afterEach(async () => {
  await life?.[Symbol.asyncDispose]()
})
const world = (): World => {
  const made = new World()
  life = made.life
  return made
}

describe('what becomes of an instance, and why', () => {
  const fates = ({ gateway }: World, query = 'pay'): string =>
    gateway.bridge
      .explain(query)
      .services.filter(({ direction }) => direction === 'legacy-to-mesh')
      .flatMap(({ instances }) => instances)
      .map(({ registry, instance: { id }, whose, keptBack = 'called' }) =>
        [registry, id, whose, keptBack].join(' '),
      )
      .join('\n')

  test.each<readonly [string, Row]>([
    [
      'it is called',
      {
        says: ['zk a service called'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.start()
        },
      },
    ],
    [
      'it takes no traffic',
      {
        says: ['zk a service critical', 'zk b service no-weight', 'zk c service called'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.zk.register(PAY, instance('b', { weight: 0 }))
          it.zk.register(PAY, instance('c', { health: 'warning' }))
          it.start()
        },
      },
    ],
    [
      'none takes traffic',
      {
        says: ['zk a service critical', 'zk b service no-weight'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.zk.register(PAY, instance('b', { weight: 0 }))
          it.start()
        },
      },
    ],
    [
      'it takes no traffic, and is shown so at its own address',
      {
        says: ['zk a service critical', 'zk b service called'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.zk.register(PAY, instance('b'))
          it.start({ cluster: CLUSTER, options: { addressing: modeFor('direct') } })
        },
      },
    ],
    [
      'its address is known from a registry that goes before',
      {
        says: ['zk a service called', 'zk2 z service same-address'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { host: '10.0.0.1' }))
          it.zk2.register(PAY, instance('z', { host: '10.0.0.1' }))
          it.start()
        },
      },
    ],
    [
      'its address is known from another record: a quick restart',
      {
        says: ['zk a service critical', 'zk b service called', 'zk c service same-address'],
        when: (it) => {
          const host = '10.0.0.1'
          it.zk.register(PAY, instance('a', { host, health: 'critical' }))
          it.zk.register(PAY, instance('b', { host }))
          it.zk.register(PAY, instance('c', { host }))
          it.start()
        },
      },
    ],
    [
      'it came by a gateway more than others',
      {
        says: ['zk a service called', 'zk b other-gateway farther'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.zk.register(PAY, instance('b', { origin: originOf(PAY) }))
          it.start()
        },
      },
    ],
    [
      'another gateway brought it, and said in labels what its registry cannot say',
      {
        says: ['zk b other-gateway called'],
        when: (it) => {
          const labels = { 'unsaid-weight': '7', 'unsaid-zone': 'east' }
          it.zk.register(PAY, instance('b', { origin: originOf(PAY), labels }))
          it.start()
        },
      },
    ],
    [
      'a loop, by its mark: first registered there',
      {
        says: ['zk a other-gateway mark'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { origin: originOf(PAY, { registry: 'consul' }) }))
          it.start()
        },
      },
    ],
    [
      'a loop, by its mark: it came through this gateway',
      {
        says: ['zk a other-gateway mark'],
        when: (it) => {
          const origin = originOf(PAY, { path: ['gw', 'zk-8', 'gw-9'] })
          it.zk.register(PAY, instance('a', { origin }))
          it.start()
        },
      },
    ],
    [
      'a loop, by its id, with the mark gone',
      {
        says: ['zk isthmus:gw this-gateway id'],
        when: (it) => {
          const { registries } = it.start({ wrap: readOnly })
          const one = instance('a')
          const id = registries[0]?.sink.normalize(PAY, one).id ?? ''
          it.zk.register(PAY, { ...one, id })
        },
      },
    ],
    [
      'a loop, by its address, copied by hand',
      {
        ask: 'copy',
        says: ['zk c service ledger'],
        when: async (it) => {
          it.consul.register(keyOf('http:billing'), instance('b'))
          it.start()
          await eventually('exported', () => it.zk.keys().length === 1)
          const [ours] = it.zk.instances(keyOf('http:billing'))
          const { host, port } = ours ?? instance('none')
          it.zk.register(keyOf('http:copy'), instance('c', { host, port }))
        },
      },
    ],
  ])('%s', async (_why, { ask, says, when }) => {
    const it = world()
    await when(it)
    await eventually('read', () => it.gateway.bridge.ready())
    const said = (): string => fates(it, ask).replace(/:gw:\w+/, ':gw')
    await eventually('explained', () => said() === says.join('\n')).catch(() => undefined)
    expect(said()).toBe(says.join('\n'))
  })
})
