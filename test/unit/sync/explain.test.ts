import { afterEach, describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { leaseOf } from '../../../adapters/registries/memory/lease.ts'
import { claimOf } from '../../../adapters/registries/memory/presence.ts'
import { names } from '../../../src/config/names.ts'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Explanation } from '../../../src/sync/bridge.ts'
import { eventually } from '../../support/eventually.ts'
import { CLUSTER, modeFor } from '../../support/sync/cluster.ts'
import { World, instance, originOf, readOnly } from '../../support/sync/explained-world.ts'
import type { Row } from '../../support/sync/explained-world.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { keyOf } from '../../support/sync/ring.ts'

const PAY = keyOf('http:pay')
const HOLD_ALL = { share: 0, atLeast: 0, windowMs: 60_000, holdMs: 60_000 }
const renamedTo = (as: string): ReturnType<typeof names.parse> =>
  names.parse({ overrides: [{ service: 'pay', as }] })
const EXCLUDED = names.parse({ legacyToMesh: { exclude: ['p?y'] } })

let life: Lifetime | undefined
afterEach(async () => {
  await life?.[Symbol.asyncDispose]()
})
const world = (): World => {
  const made = new World()
  life = made.life
  return made
}

/** Of what is carried to the mesh: `registry key action reason: detail`. */
function exportsOf({ services }: Explanation): readonly string[] {
  return services
    .filter(({ direction }) => direction === 'legacy-to-mesh')
    .flatMap((service) => service.exports)
    .map(({ registry, key, action, reason, detail }) => {
      const why = [reason, detail].filter((one) => one !== undefined).join(': ')
      return [registry, key ?? 'nowhere', action, why].join(' ').trimEnd()
    })
}

describe('what becomes of a service, and why', () => {
  test.each<readonly [string, Row]>([
    [
      'exported, as it should be',
      {
        says: ['consul http:pay in-line'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.start()
        },
      },
    ],
    [
      'new',
      {
        says: ['consul http:pay put new'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.start({ wrap: readOnly })
        },
      },
    ],
    [
      'changed',
      {
        says: ['consul http:pay put changed'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.register(PAY, instance('a', { weight: 7 }))
          it.start({ wrap: readOnly })
        },
      },
    ],
    [
      'gone, and about to be removed',
      {
        says: ['consul http:pay remove gone'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          it.start({ wrap: readOnly })
        },
      },
    ],
    [
      'gone, and held for the budget',
      {
        says: ['consul http:pay hold gone'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          const { bridge } = it.start({ options: { removalBudget: HOLD_ALL } })
          const heldFor = (): number | undefined =>
            bridge.explain('pay').services[0]?.exports[0]?.heldForMs
          await eventually('held since some time', () => (heldFor() ?? 0) > 0)
        },
      },
    ],
    [
      'gone where a second registry never had it',
      {
        says: ['consul http:pay hold gone', 'consul2 nowhere skip gone'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          const mesh = [
            { name: 'consul', backend: it.consul },
            { name: 'consul2', backend: it.consul2 },
          ]
          it.start({ mesh, options: { removalBudget: HOLD_ALL } })
        },
      },
    ],
    [
      'no instance takes traffic, nothing stands',
      {
        says: ['consul http:pay skip no-usable-instance'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.zk.register(PAY, instance('b', { weight: 0 }))
          it.start()
        },
      },
    ],
    [
      'no instance takes traffic any more',
      {
        says: ['consul http:pay hold no-usable-instance'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.start({ options: { removalBudget: HOLD_ALL } })
        },
      },
    ],
    [
      'scaled to zero by its label',
      {
        says: ['consul http:pay skip scaled-to-zero: label scale-to-zero'],
        when: async (it) => {
          it.zk.register(PAY, instance('a', { labels: { 'scale-to-zero': 'true' } }))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          it.start()
        },
      },
    ],
    [
      'scaled to zero by a rule',
      {
        says: ['consul http:pay skip scaled-to-zero: sync.scaleToZero p*'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.register(PAY, instance('a', { health: 'critical' }))
          it.start({ options: { scaleToZero: ['p*'] } })
        },
      },
    ],
    [
      'filtered by a rule',
      {
        says: ['consul nowhere skip excluded'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.start({ options: { names: EXCLUDED } })
        },
      },
    ],
    [
      'filtered by a rule that came later',
      {
        says: ['consul http:pay remove excluded: exclude p?y'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.start({ options: { names: EXCLUDED }, wrap: readOnly })
        },
      },
    ],
    [
      'renamed by a rule that came later',
      {
        says: [
          'consul http:cash put new',
          'consul http:pay remove renamed: http:cash, override pay',
        ],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.start({ options: { names: renamedTo('cash') }, wrap: readOnly })
        },
      },
    ],
    [
      'all of it came from there',
      {
        says: ['consul nowhere skip loop'],
        when: (it) => {
          it.zk.register(PAY, instance('a', { origin: originOf(PAY, { registry: 'consul' }) }))
          it.start()
        },
      },
    ],
    [
      'a collision: another service has the very same key',
      {
        ask: 'A.B',
        says: ['consul http:a-b skip collision: http:a_b has the name'],
        when: async (it) => {
          it.zk.register(keyOf('http:a_b'), instance('first'))
          await it.exportOnce(keyOf('http:a-b'))
          it.zk.register(keyOf('http:A.B'), instance('second'))
          it.start()
        },
      },
    ],
    [
      'a collision: another service has the name under another protocol',
      {
        ask: 'a_b',
        says: ['consul http:a-b skip collision: dubbo:A.B has the name'],
        when: async (it) => {
          it.zk.register(keyOf('dubbo:A.B'), instance('first'))
          await it.exportOnce(keyOf('dubbo:a-b'))
          it.zk.register(keyOf('http:a_b'), instance('second'))
          it.start()
        },
      },
    ],
    [
      'a collision: a service that another gateway brought has the name',
      {
        // What this gateway has brought on from the mesh is asked about too: it bears the name there.
        says: ['consul nowhere skip loop', 'consul http:pay skip collision: http:PAY has the name'],
        when: (it) => {
          const origin = originOf(keyOf('http:PAY'))
          it.consul.register(PAY, instance('other', { origin }))
          it.zk.register(PAY, instance('a'))
          it.start()
        },
      },
    ],
    [
      'the mesh has a service of that name itself',
      {
        ask: 'dubbo:pay',
        says: ['consul dubbo:pay skip name-taken'],
        when: (it) => {
          it.consul.register(PAY, instance('native'))
          it.zk.register(keyOf('dubbo:pay'), instance('a'))
          it.start()
        },
      },
    ],
    [
      'the registry has no room for it',
      {
        ask: 'refused',
        says: ['consul http:refused skip not-accepted: no room for it'],
        when: (it) => {
          it.zk.register(keyOf('http:refused'), instance('a'))
          it.start({ wrap: readOnly })
        },
      },
    ],
    [
      "somebody else's record has the id that ours would have",
      {
        says: ['consul http:pay skip conflict'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          const [ours] = it.consul.instances(PAY)
          if (!ours) throw new TypeError('nothing stands')
          it.consul.register(PAY, { ...ours, origin: originOf(PAY) })
          it.start()
        },
      },
    ],
    [
      'it cannot be read: too large, refused',
      {
        says: ['consul http:pay wait source-unknown: zk cannot read pay: cannot be read'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          const { bridge } = it.start()
          await eventually('read', () => bridge.ready())
          it.zk.hide(['pay'])
        },
      },
    ],
    [
      'it is gone, and another name of its registry cannot be read, which it may have',
      {
        says: ['consul http:pay wait source-unknown: zk2 cannot read shop: cannot be read'],
        when: async (it) => {
          // Brought by another gateway: under which name it may still be there, nobody knows.
          it.zk.register(PAY, instance('a', { origin: originOf(PAY) }))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          it.zk2.register(keyOf('http:shop'), instance('s'))
          it.zk2.hide(['shop'])
          it.start()
        },
      },
    ],
    [
      'its registry does not answer',
      {
        says: ['consul http:pay wait source-unknown: zk is stale: disconnected'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          const { bridge } = it.start()
          await eventually('read', () => bridge.ready())
          it.zk.disconnect()
        },
      },
    ],
    [
      'a registry of its side was never read, and may have what is gone from the others',
      {
        says: ['consul http:pay wait source-unknown: zk2 is not read yet'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.zk.deregister(PAY, 'a')
          it.zk2.disconnect()
          it.start()
        },
      },
    ],
    [
      'the registry that is written does not answer',
      {
        says: ['consul http:pay wait target-unknown: consul is stale: disconnected'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          const { bridge } = it.start()
          await eventually('read', () => bridge.ready())
          it.consul.disconnect()
        },
      },
    ],
    [
      'no port yet',
      {
        says: ['consul http:pay skip no-address: its port is about to be opened'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.start({ exposure: { slow: 'never' } })
        },
      },
    ],
    [
      'an operator has paused it',
      {
        says: ['consul http:pay pause new: put'],
        when: (it) => {
          it.start().bridge.order('pause', {})
          it.zk.register(PAY, instance('a'))
        },
      },
    ],
    [
      'an operator drains it',
      {
        says: ['consul http:pay remove drain'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          it.start({ wrap: readOnly }).bridge.order('drain', { service: 'pay' })
        },
      },
    ],
    [
      'an operator has drained it',
      {
        says: ['consul http:pay skip drain'],
        when: (it) => {
          it.zk.register(PAY, instance('a'))
          it.start().bridge.order('drain', { service: 'pay' })
        },
      },
    ],
    [
      'an operator drains it, and the registry does not answer',
      {
        says: ['consul http:pay wait target-unknown: consul is stale: disconnected'],
        when: async (it) => {
          it.zk.register(PAY, instance('a'))
          await it.exportOnce(PAY)
          const { bridge } = it.start({ wrap: readOnly })
          await eventually('read', () => bridge.ready())
          bridge.order('drain', { service: 'pay' })
          it.consul.disconnect()
        },
      },
    ],
    [
      'another process has the identity of this gateway',
      {
        says: ['consul http:pay wait identity-not-held: put (new)'],
        when: async (it) => {
          const { bridge } = it.start()
          const states = () => bridge.status().identities.map(({ state }) => state)
          await eventually('ours', () => states().every((state) => state === 'held'))
          it.consul.elections.free(claimOf('gw'))
          it.consul.elections.take(claimOf('gw'), it.consul.openSession())
          await eventually('taken', () => states().includes('taken'))
          it.zk.register(PAY, instance('a'))
        },
      },
    ],
    [
      'each instance at its own address, which another replica writes',
      {
        says: ['consul http:pay wait other-replica-writes: put (new)'],
        when: (it) => {
          it.consul.elections.take(leaseOf(CLUSTER), it.consul.openSession())
          it.zk.register(PAY, instance('a'))
          it.start({ cluster: CLUSTER, options: { addressing: modeFor('direct') } })
        },
      },
    ],
  ])('%s', async (_why, { ask = 'pay', says, when }) => {
    const it = world()
    await when(it)
    await eventually(
      says.join(', '),
      () => it.gateway.bridge.ready() || says.some((one) => one.includes('not read yet')),
    )
    const said = (): string => exportsOf(it.gateway.bridge.explain(ask)).join('\n')
    await eventually('explained', () => said() === says.join('\n')).catch(() => undefined)
    expect(said()).toBe(says.join('\n'))
  })

  test('taken over from the session of the run before', async () => {
    const [zk, consul] = [new MemoryBackend(), new MemoryBackend({ keeps: 'session' })]
    zk.register(PAY, instance('a'))
    const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
    await using first = new Gateway({ owner: 'gw', ...sides })
    await eventually('exported', () => first.isSettled() && consul.keys().length === 1)
    await first.kill()
    await using second = new Gateway({ owner: 'gw', ...sides, wrap: readOnly })
    const said = (): readonly string[] => exportsOf(second.bridge.explain('pay'))
    await eventually('read', () => second.bridge.ready() && said().length > 0)
    expect(said()).toEqual(['consul http:pay take-over other-session'])
  })
})

test('a service that could never be read is not unknown, and the reason is said', async () => {
  const it = world()
  it.zk.register(PAY, instance('a'))
  it.zk.hide(['pay'])
  const { bridge } = it.start()
  await eventually('read', () => bridge.ready())
  const unreadable = [{ registry: 'zk', name: 'Pay', reason: 'cannot be read' }]
  expect(bridge.explain('Pay')).toMatchObject({ services: [], unreadable })
  expect(bridge.explain('http:Pay').unreadable).toEqual(unreadable)
  expect(bridge.explain('shop').unreadable).toEqual([])
})

test.each([
  ['its name there', 'cash'],
  ['its name here, in any case', 'PAY'],
  ['its key', 'http:pay'],
  ['the host of an instance', 'a.own'],
  ['the address of an instance', 'a.own:80'],
  ['the address that it has there', 'gw.test:'],
])('a service is found by %s', async (_what, query) => {
  const it = world()
  it.zk.register(PAY, instance('a'))
  const { bridge } = it.start({ options: { names: renamedTo('cash') } })
  await eventually('exported', () => it.consul.keys().length === 1)
  const [ours] = it.consul.instances(keyOf('http:cash'))
  const asked = query.endsWith(':') ? `${query}${String(ours?.port)}` : query
  await eventually('seen', () => bridge.plan().every(({ action }) => action === 'skip'))
  const found = bridge.explain(asked).services
  expect(found.map(({ direction, key }) => `${direction} ${key}`)).toContain(
    'legacy-to-mesh http:pay',
  )
})

test('of two withdrawals for which there is room once, explain lets go the one that plan does', async () => {
  const it = world()
  const keys = ['a', 'b'].map((name) => keyOf(`http:${name}`))
  for (const key of keys) it.zk.register(key, instance(key.name))
  for (const key of keys) await it.exportOnce(key)
  for (const key of keys) it.zk.deregister(key, key.name)
  // It reads and decides, and asks for no identity, as `isthmus plan` and `explain --offline` do.
  const options = { removalBudget: { ...HOLD_ALL, atLeast: 1 } }
  const { bridge } = it.start({ options, observes: true })
  await eventually('read', () => bridge.ready())
  const planned = bridge.plan().filter(({ direction }) => direction === 'legacy-to-mesh')
  expect(planned.map(({ action }) => action)).toEqual(['remove', 'hold'])
  expect(['a', 'b'].map((name) => exportsOf(bridge.explain(name)))).toEqual([
    ['consul http:a remove gone'],
    ['consul http:b hold gone'],
  ])
})
