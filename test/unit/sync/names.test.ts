import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { keyText } from '../../../src/registry/model.ts'
import type { Origin, ServiceKey } from '../../../src/registry/model.ts'
import { names } from '../../../src/config/names.ts'
import { nameRules } from '../../../src/sync/name-rules.ts'
import type { NameRules } from '../../../src/sync/name-rules.ts'
import { nameOf, placeOf } from '../../../src/sync/names.ts'
import type { Named } from '../../../src/sync/names.ts'

type Service = Omit<Named, 'registry'> & { readonly registry?: string }

const options = names.parse({ overrides: [{ service: 'com.acme.Old', as: 'new-name' }] })
const toMesh = nameRules('legacy-to-mesh', options, () => true)
const toLegacy = nameRules('mesh-to-legacy', options, () => true)

/** The key of a service in the target; undefined when it does not go there. */
function targetKeyOf(service: Service, rules: NameRules): ServiceKey | undefined {
  const naming = nameOf({ registry: 'zk', ...service }, rules)
  return naming.kind === 'named' ? naming.target : undefined
}

const dubbo = (name: string, rest: Partial<ServiceKey> = {}): ServiceKey => ({
  name,
  protocol: 'dubbo',
  ...rest,
})
const http = (name: string, rest: Partial<ServiceKey> = {}): ServiceKey => ({
  name,
  protocol: 'http',
  ...rest,
})
const from = (key: ServiceKey, path: readonly string[]): Origin => ({
  owner: path.at(-1) ?? '',
  registry: 'first',
  key,
  path,
})

const LONG = 'com.acme.platform.billing.internal.VeryLongInvoiceCalculationService'

describe('names', () => {
  const cases: readonly (readonly [string, NameRules, Service, ServiceKey])[] = [
    ['dots and case go', toMesh, { key: http('com.acme.Foo') }, http('com-acme-foo')],
    ['a run of others is one dash', toMesh, { key: http('a..b__C') }, http('a-b-c')],
    ['none at the ends', toMesh, { key: http('-a_') }, http('a')],
    [
      'group and version are in the name, and in the key of what has them there',
      toMesh,
      { key: dubbo('com.acme.Foo', { group: 'Blue', version: '1.0.0' }) },
      dubbo('com-acme-foo-blue-v1-0-0', { group: 'Blue', version: '1.0.0' }),
    ],
    [
      'in a mesh, version and group of other protocols are in the name alone',
      toMesh,
      { key: http('web', { version: '2' }) },
      http('web-v2'),
    ],
    ['an absent version is not 0.0.0', toMesh, { key: dubbo('A') }, dubbo('a')],
    ['nothing is left: the hash names it', toMesh, { key: http('支付') }, http('s-beb261a7')],
    [
      'too long for a DNS label: cut, and told apart by the hash of the whole',
      toMesh,
      { key: http(LONG) },
      http('com-acme-platform-billing-internal-verylonginvoicecalc-d96c1d86'),
    ],
    [
      'an override wins',
      toMesh,
      { key: dubbo('com.acme.Old', { version: '1' }) },
      dubbo('new-name', { version: '1' }),
    ],
    [
      '… and is the whole name: the version of HTTP is not in a mesh key',
      toMesh,
      { key: http('com.acme.Old', { version: '1' }) },
      http('new-name'),
    ],
    ['as it is', toLegacy, { key: http('pay') }, http('pay')],
    [
      'a Dubbo service has the name of its interface',
      toLegacy,
      { key: dubbo('pay', { version: '1' }), asked: { interface: 'com.acme.Pay' } },
      dubbo('com.acme.Pay', { version: '1' }),
    ],
    [
      'a label called interface means nothing to HTTP',
      toLegacy,
      { key: http('pay'), asked: { interface: 'eth0' } },
      http('pay'),
    ],
    [
      'legacy, mesh, legacy: the original name, group and version come back',
      toLegacy,
      {
        key: dubbo('com-acme-foo-v1', { version: '1' }),
        origin: from(dubbo('com.acme.Foo', { version: '1' }), ['g1']),
      },
      dubbo('com.acme.Foo', { version: '1' }),
    ],
    [
      'mesh, legacy, mesh: the name that it has in the first mesh',
      toMesh,
      { key: dubbo('com.acme.Pay'), origin: from(dubbo('pay'), ['g1']) },
      dubbo('pay'),
    ],
    [
      'legacy, mesh, legacy, mesh: the mesh name again',
      toMesh,
      { key: http('Web.A'), origin: from(http('Web.A'), ['g1', 'm', 'g2']) },
      http('web-a'),
    ],
    [
      'an original name that the target cannot hold is mapped',
      { ...toMesh, accepts: ({ name }) => !name.includes('.') },
      { key: http('x'), origin: from(http('Pay.V1'), ['g1']) },
      http('x'),
    ],
  ]
  test.each(cases)('%s', (_, rules, service, expected) => {
    expect(targetKeyOf(service, rules)).toEqual(expected)
  })

  test('every mesh name is a DNS label, and the same for the same key', () => {
    const part = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(part, fc.option(part), fc.option(part), (name, group, version) => {
        const key = { ...dubbo(name), ...(group && { group }), ...(version && { version }) }
        const target = targetKeyOf({ key }, toMesh)
        expect(target?.name).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
        expect(targetKeyOf({ key }, toMesh)).toEqual(target)
        expect({ ...target, name }).toEqual(key)
      }),
    )
  })

  test('in a mesh the name is the place, in any case and protocol; elsewhere the whole key is', () => {
    expect(placeOf('legacy-to-mesh', dubbo('A', { version: '1' }))).toBe(
      placeOf('legacy-to-mesh', http('a')),
    )
    expect(placeOf('mesh-to-legacy', dubbo('a'))).toBe(keyText(dubbo('a')))
    expect(placeOf('mesh-to-legacy', dubbo('a'))).not.toBe(placeOf('mesh-to-legacy', http('a')))
  })
})
