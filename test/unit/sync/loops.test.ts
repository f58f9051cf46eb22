import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Instance } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../../support/eventually.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf, Ring, textsOf, withoutIds, withoutMarks } from '../../support/sync/ring.ts'
import type { Link } from '../../support/sync/ring.ts'

const FOO = keyOf('dubbo:com.acme.Foo:1.0.0')
const MESH_FOO = keyOf('dubbo:com-acme-foo-v1-0-0:1.0.0')

function instance(id: string, host = `${id}.own`): Instance {
  return { id, host, port: 8080, health: 'passing', weight: 100, labels: {} }
}

async function settled(ring: Ring): Promise<void> {
  // Twice: what one gateway writes, another has yet to be told.
  for (let round = 0; round < 2; round += 1) {
    await turns(20)
    await eventually('settled', () => ring.isSettled(), 4_000)
  }
}

/** Nothing is written any more, whatever is read again. */
async function expectQuiet(ring: Ring): Promise<void> {
  const writes = ring.writes()
  for (const gateway of ring.gateways) gateway.resync()
  await settled(ring)
  expect(ring.writes()).toBe(writes)
}

const PAIR: readonly Link[] = [{ owner: 'g1', legacy: 'zk', mesh: 'consul' }]

describe('each guard alone keeps a gateway from its own records', () => {
  const guards: readonly (readonly [string, (registry: Registry) => Registry, boolean])[] = [
    ['mark', withoutIds, true],
    ['id', withoutMarks, true],
    ['ledger', (registry) => withoutIds(withoutMarks(registry)), false],
  ]
  test.each(guards)('%s', async (_, wrap, forgetful) => {
    await using ring = new Ring(PAIR, { wrap, exposure: { forgetful } })
    ring.registry('zk').register(FOO, instance('a'))
    ring.registry('consul').register(keyOf('http:pay'), instance('p'))
    await eventually('exported', () => ring.exports().length === 2)
    await settled(ring)
    expect(textsOf(ring.registry('zk'))).toEqual(['dubbo:com.acme.Foo:1.0.0', 'http:pay'])
    expect(textsOf(ring.registry('consul'))).toEqual([
      'dubbo:com-acme-foo-v1-0-0:1.0.0',
      'http:pay',
    ])
    expect(ring.exports()).toHaveLength(2)
    await expectQuiet(ring)
  })

  test('without any of them a record does come back: the guards are what prevents it', async () => {
    await using ring = new Ring(PAIR, {
      wrap: (registry) => withoutIds(withoutMarks(registry)),
      exposure: { forgetful: true },
    })
    ring.registry('zk').register(FOO, instance('a'))
    await eventually('it is back under another name', () =>
      textsOf(ring.registry('zk')).includes('dubbo:com-acme-foo-v1-0-0:1.0.0' as never),
    )
  })
})

describe('gateways in a row, beside each other and in a ring', () => {
  test('legacy, mesh, legacy: the service comes out under its own name', async () => {
    await using ring = new Ring([
      { owner: 'g1', legacy: 'zk1', mesh: 'consul' },
      { owner: 'g2', legacy: 'zk2', mesh: 'consul' },
    ])
    ring.registry('zk1').register(FOO, instance('a'))
    await eventually('arrived', () => ring.registry('zk2').instances(FOO).length === 1)
    await settled(ring)
    expect(ring.registry('zk2').instances(FOO)[0]?.origin).toEqual({
      owner: 'g2',
      registry: 'zk1',
      key: FOO,
      path: ['g1', 'consul', 'g2'],
    })
    expect(ring.ends('zk2', FOO)).toEqual(new Set(['a.own:8080']))
    expect(ring.exports()).toHaveLength(2)
    await expectQuiet(ring)
  })

  test('failure mode 8: two replicas: both write, neither carries the other back', async () => {
    await using ring = new Ring([
      { owner: 'g1', legacy: 'zk', mesh: 'consul' },
      { owner: 'g2', legacy: 'zk', mesh: 'consul' },
    ])
    ring.registry('zk').register(FOO, instance('a'))
    await eventually('both', () => ring.registry('consul').instances(MESH_FOO).length === 2)
    await expectQuiet(ring)
    expect(textsOf(ring.registry('zk'))).toEqual(['dubbo:com.acme.Foo:1.0.0'])
    expect(ring.ends('consul', MESH_FOO)).toEqual(new Set(['a.own:8080']))
  })

  test('a gateway beside the second of a row does not carry back what came from there', async () => {
    await using ring = new Ring([
      { owner: 'g1', legacy: 'zk1', mesh: 'consul' },
      { owner: 'g2', legacy: 'zk2', mesh: 'consul' },
      { owner: 'g3', legacy: 'zk2', mesh: 'consul' },
    ])
    ring.registry('zk1').register(FOO, instance('a'))
    await eventually('arrived twice', () => ring.registry('zk2').instances(FOO).length === 2)
    await expectQuiet(ring)
    expect(ring.registry('consul').instances(MESH_FOO)).toHaveLength(1)
    ring.registry('zk1').deregister(FOO, 'a')
    await eventually('gone everywhere', () => ring.exports().length === 0)
  })

  const shapes: readonly (readonly Link[])[] = [
    [
      { owner: 'g1', legacy: 'a', mesh: 'b' },
      { owner: 'g2', legacy: 'b', mesh: 'c' },
      { owner: 'g3', legacy: 'c', mesh: 'a' },
    ],
    [
      { owner: 'g1', legacy: 'a', mesh: 'b' },
      { owner: 'g2', legacy: 'c', mesh: 'b' },
      { owner: 'g3', legacy: 'a', mesh: 'c' },
      { owner: 'g4', legacy: 'c', mesh: 'b' },
    ],
    [
      { owner: 'g1', legacy: 'a+b', mesh: 'c' },
      { owner: 'g2', legacy: 'a+b', mesh: 'c' },
    ],
  ]
  /** Nothing goes between the registries of one side. */
  const goes = (shape: readonly Link[], from: string, to: string): boolean =>
    from === to || shape.every(({ legacy }) => !(legacy.includes(from) && legacy.includes(to)))
  const edit = fc.record({
    registry: fc.constantFrom('a', 'b', 'c'),
    service: fc.constantFrom('http:pay', 'http:stock'),
    id: fc.constantFrom('one', 'two'),
    put: fc.boolean(),
    pause: fc.nat(20),
  })
  test('law: no request goes round, all is quiet in the end, and what ends is gone everywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...shapes),
        fc.array(edit, { minLength: 1, maxLength: 10 }),
        fc.nat(100_000),
        async (shape, edits, seed) => {
          await using ring = new Ring(shape, {}, seed)
          const own = new Set<string>()
          for (const { registry, service, id, put, pause } of edits) {
            const name = `${registry}-${id}`
            if (put) ring.registry(registry).register(keyOf(service), instance(name))
            else ring.registry(registry).deregister(keyOf(service), name)
            if (put) own.add(`${service} ${registry} ${name}`)
            else own.delete(`${service} ${registry} ${name}`)
            await turns(pause)
          }
          await settled(ring)
          for (const name of ring.registries.keys()) {
            for (const service of ['http:pay', 'http:stock']) {
              const hosts = [...own]
                .filter((one) => one.startsWith(`${service} `))
                .filter((one) => goes(shape, one.split(' ')[1] ?? '', name))
                .map((one) => `${one.split(' ')[2] ?? ''}.own:8080`)
              await eventually(`${service} is reached from ${name}`, () => {
                const ends = ring.ends(name, keyOf(service))
                return hosts.length === 0 ? ends.size === 0 : ends.size > 0
              })
            }
          }
          await expectQuiet(ring)
          for (const one of own) {
            const [service = '', registry = '', name = ''] = one.split(' ')
            ring.registry(registry).deregister(keyOf(service), name)
          }
          await eventually('gone everywhere', () => ring.exports().length === 0)
        },
      ),
      { numRuns: 40 },
    )
  }, 120_000)
})
