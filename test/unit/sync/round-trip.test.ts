import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Health, Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { eventually } from '../../support/eventually.ts'
import { altered } from '../../support/sync/altered.ts'
import { Ring } from '../../support/sync/ring.ts'

/** What a service says of itself is what all its instances say; the rest is of one instance. */
interface Said {
  readonly health: Health
  readonly weight: number
  readonly zone?: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** Not carried: they change with every start, and each would rewrite what stands there. */
const NOT_CARRIED = ['timestamp', 'pid']

function saidBy(instances: readonly Instance[]): Said {
  const one = <T>(of: (instance: Instance) => T): T | undefined => {
    const values = new Set(instances.map(of))
    return values.size === 1 ? [...values][0] : undefined
  }
  const labels: Record<string, string> = {}
  for (const name of Object.keys(instances[0]?.labels ?? {})) {
    const value = one((instance) => instance.labels[name])
    if (value !== undefined && !NOT_CARRIED.includes(name)) labels[name] = value
  }
  return {
    health: instances.some(({ health }) => health === 'passing') ? 'passing' : 'warning',
    weight: one(({ weight }) => weight) ?? 100,
    zone: one(({ zone }) => zone),
    labels,
  }
}

/** A registry that has room for ids, addresses and labels and for nothing else. */
const terse = (registry: Registry): Registry =>
  altered(registry, {
    sink: {
      normalize: (key, instance) => {
        const kept = registry.sink.normalize(key, instance)
        const { id, host, port, labels, origin } = kept
        const health = kept.health === 'critical' ? 'critical' : 'passing'
        return { id, host, port, health, weight: 100, labels, ...(origin && { origin }) }
      },
    },
  })

const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/)
const key: fc.Arbitrary<ServiceKey> = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,20}$/),
    group: word,
    version: fc.stringMatching(/^[0-9.]{1,6}$/),
    protocol: fc.constantFrom('dubbo', 'http', 'grpc'),
  },
  { requiredKeys: ['name', 'protocol'] },
)
const labels = fc.dictionary(
  fc.constantFrom('team', 'methods', 'dubbo.tag', 'timestamp', 'pid'),
  fc.constantFrom('a', 'b', ''),
)
const instances = fc
  .array(
    fc.record(
      {
        health: fc.constantFrom<Health>('passing', 'warning'),
        weight: fc.constantFrom(1, 50, 100, 250),
        zone: fc.constantFrom('east', 'west'),
        labels,
      },
      { requiredKeys: ['health', 'weight', 'labels'] },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) =>
    parts.map((part, n): Instance => ({ id: `i${n}`, host: `10.0.0.${n}`, port: 80, ...part })),
  )

const ROW = [
  { owner: 'g1', legacy: 'zk1', mesh: 'consul' },
  { owner: 'g2', legacy: 'zk2', mesh: 'consul' },
] as const

describe('legacy, mesh, legacy: what was said comes back', () => {
  test.each([
    ['through a registry that can say all of it', (registry: Registry) => registry],
    [
      'through one that knows no zone, weight or warning: it goes along as labels',
      (registry: Registry) => (registry.name === 'consul' ? terse(registry) : registry),
    ],
  ])('law: %s', async (_, wrap) => {
    await fc.assert(
      fc.asyncProperty(key, instances, async (own, registered) => {
        await using ring = new Ring(ROW, { wrap })
        for (const one of registered) ring.registry('zk1').register(own, one)
        await eventually('arrived', () => ring.registry('zk2').instances(own).length === 1)
        await eventually('settled', () => ring.isSettled())
        const [arrived] = ring.registry('zk2').instances(own)
        const { health, weight, zone, labels: carried } = arrived ?? registered[0] ?? fail()
        expect({ health, weight, zone, labels: carried }).toEqual(saidBy(registered))
        expect(arrived?.origin?.key).toEqual(own)
      }),
      { numRuns: 40 },
    )
  })

  test('what a registry says itself counts more than what a gateway meant', async () => {
    await using ring = new Ring(ROW, {
      wrap: (registry) => (registry.name === 'consul' ? terse(registry) : registry),
    })
    const own = { name: 'pay', protocol: 'http' }
    ring.registry('zk1').register(own, {
      id: 'i',
      host: '10.0.0.1',
      port: 80,
      health: 'warning',
      weight: 50,
      labels: {},
    })
    const there = (): Instance | undefined => ring.registry('zk2').instances(own)[0]
    await eventually('arrived', () => there()?.weight === 50 && there()?.health === 'warning')
    const [standIn] = ring.registry('consul').instances(own)
    expect(standIn?.labels).toEqual({ 'unsaid-health': 'warning', 'unsaid-weight': '50' })
    await ring.gateways[0]?.kill()
    ring.registry('consul').register(own, { ...(standIn ?? fail()), health: 'critical' })
    await eventually('critical is not usable', () => there() === undefined)
    ring.registry('consul').register(own, { ...(standIn ?? fail()), weight: 7 })
    await eventually('another weight was set', () => there()?.weight === 7)
  })
})

function fail(): never {
  throw new Error('nothing is there')
}
