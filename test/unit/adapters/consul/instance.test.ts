import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readEntry } from '../../../../adapters/registries/consul/instance.ts'
import { toRegistration } from '../../../../adapters/registries/consul/registration.ts'
import { joinTags, splitTags } from '../../../../adapters/registries/consul/tags.ts'
import { fromWireWeight, toWireWeight } from '../../../../adapters/registries/consul/weight.ts'
import type { Entry } from '../../../../adapters/registries/consul/wire.ts'
import type { Instance, ServiceKey } from '../../../../src/registry/model.ts'

/** A service as its own agent registers it. */
function entry(part: Partial<Entry['Service']> = {}, statuses: readonly string[] = []): Entry {
  return {
    Node: { Node: 'vm-1', Address: '10.0.0.9' },
    Service: {
      ID: 'web-1',
      Service: 'web',
      Address: '10.0.0.1',
      Port: 80,
      ModifyIndex: 1,
      ...part,
    },
    Checks: statuses.map((Status) => ({ CheckID: 'alive', Status })),
  }
}

const RULES = { defaultProtocol: 'http', ownNode: 'isthmus-gw-a' }

const read = (one: Entry) => readEntry(one, RULES)

test('a bare entry is an instance of the default protocol with all that is usual', () => {
  expect(read(entry())).toEqual({
    key: { name: 'web', protocol: 'http' },
    instance: {
      id: 'vm-1/web-1',
      host: '10.0.0.1',
      port: 80,
      health: 'passing',
      weight: 100,
      labels: {},
    },
  })
})

test.each([
  ['its protocol, in any case', { Meta: { protocol: 'GRPC' } }, { name: 'web', protocol: 'grpc' }],
  ['an empty protocol is none', { Meta: { protocol: '' } }, { name: 'web', protocol: 'http' }],
  [
    'group and version of an RPC service',
    { Meta: { protocol: 'dubbo', group: 'blue', version: '1.0.0' } },
    { name: 'web', protocol: 'dubbo', group: 'blue', version: '1.0.0' },
  ],
  [
    'caution (c): an absent version is not 0.0.0',
    { Meta: { protocol: 'tri', version: '' } },
    { name: 'web', protocol: 'tri' },
  ],
  [
    'the version of another is a label',
    { Meta: { version: '2' } },
    { name: 'web', protocol: 'http' },
  ],
])('key: %s', (_, part, key) => {
  expect(read(entry(part))?.key).toEqual(key)
})

test.each([
  ['caution (j): a sidecar’s entry', { Kind: 'connect-proxy' }],
  ['caution (j): a gateway’s entry', { Kind: 'terminating-gateway' }],
  ['port 0, which the catalog takes', { Port: 0 }],
  ['port 70000, which the catalog takes', { Port: 70_000 }],
])('left out: %s', (_, part) => {
  expect(read(entry(part))).toBeUndefined()
})

test.each([
  ['no checks at all', [], 'passing'],
  ['all of them pass', ['passing', 'passing'], 'passing'],
  ['one warns', ['passing', 'warning'], 'warning'],
  ['one fails, whatever the others say', ['passing', 'critical', 'warning'], 'critical'],
  ['maintenance is not for traffic', ['passing', 'maintenance'], 'critical'],
  ['a word of a later Consul', ['passing', 'degraded'], 'critical'],
] as const)('health: %s', (_, statuses, health) => {
  expect(read(entry({}, statuses))?.instance.health).toBe(health)
})

test.each([
  ['1 is what others have', { Passing: 1, Warning: 1 }, [], 100],
  ['twice the traffic', { Passing: 2, Warning: 1 }, [], 200],
  ['less of it while warning', { Passing: 4, Warning: 1 }, ['warning'], 100],
  ['none of it while warning', { Passing: 1, Warning: 0 }, ['warning'], 0],
])('weight: %s', (_, Weights, statuses, weight) => {
  expect(read(entry({ Weights }, statuses))?.instance.weight).toBe(weight)
})

test('a service without an address of its own is at its node’s', () => {
  expect(read(entry({ Address: '' }))?.instance.host).toBe('10.0.0.9')
})

test('what a service says of itself is taken literally', () => {
  const Meta = { zone: 'z1', dubbo_x2e_tag: 'gray', build_id: '7', 'isthmus-weight': '5' }
  const instance = read(entry({ Meta, Tags: ['a', 'b,c'] }))?.instance
  expect(instance?.zone).toBe('z1')
  expect(instance?.labels).toEqual({ dubbo_x2e_tag: 'gray', build_id: '7', tags: 'a,b%2Cc' })
  expect(instance).not.toHaveProperty('origin')
})

test('tags and the label that lists them are one thing', () => {
  const tag = fc.string({ unit: fc.constantFrom('a', ',', '%', '2', 'C', ' '), minLength: 1 })
  fc.assert(
    fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
      expect(splitTags(joinTags(tags))).toEqual(tags)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '%', '2', 'C') }), (label) => {
      const tags = splitTags(label)
      if (tags) expect(joinTags(tags)).toBe(label)
    }),
  )
})

test('the exact weight counts until somebody changes the one beside it', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), (weight) => {
      const wire = toWireWeight(weight)
      expect(wire).toBeGreaterThanOrEqual(1)
      expect(fromWireWeight(wire, String(weight))).toBe(weight)
      expect(fromWireWeight(wire + 1, String(weight))).toBe((wire + 1) * 100)
    }),
  )
})

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
const anyText = fc.string({ unit: 'grapheme', minLength: 1 })
const key: fc.Arbitrary<ServiceKey> = fc.oneof(
  fc.record({ name, protocol: fc.constantFrom('http', 'tcp', 'grpc') }),
  fc.record(
    { name, protocol: fc.constantFrom('dubbo', 'tri'), group: anyText, version: anyText },
    { requiredKeys: ['name', 'protocol'] },
  ),
)
const labelName = fc.oneof(
  anyText,
  fc.constantFrom('protocol', 'zone', 'group', 'version', 'tags', 'isthmus-owner', 'consul-x'),
)
const draft: fc.Arbitrary<Omit<Instance, 'id'>> = fc.record(
  {
    host: fc.ipV4(),
    port: fc.integer({ min: 1, max: 65_535 }),
    health: fc.constantFrom('passing', 'warning', 'critical'),
    weight: fc.integer({ min: 1, max: 10_000 }),
    zone: anyText,
    labels: fc.dictionary(labelName, fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
    origin: fc.record({
      owner: name,
      registry: name,
      key: fc.record({ name: anyText, protocol: name, group: anyText, version: anyText }),
      path: fc.array(name, { minLength: 1, maxLength: 60 }),
    }),
  },
  { requiredKeys: ['host', 'port', 'health', 'weight', 'labels'] },
)

function readBack(service: ServiceKey, instance: Omit<Instance, 'id'>) {
  const { Status, ...written } = toRegistration('gw-a', service, instance)
  const Service = { ...written, Tags: [...written.Tags], ModifyIndex: 1 }
  const Node = { Node: 'isthmus-gw-a', Address: '192.0.2.1' }
  return readEntry({ Node, Service, Checks: [{ CheckID: 'own', Status }] }, RULES)
}

test('what a gateway writes is read back as it was meant', () => {
  fc.assert(
    fc.property(key, draft, (service, instance) => {
      const back = readBack(service, instance)
      const { ID } = toRegistration('gw-a', service, instance)
      expect(back).toEqual({ key: service, instance: { ...instance, id: `isthmus-gw-a/${ID}` } })
    }),
  )
})

test('caution (a): a weight of 0 is a critical check: Consul would make it 1', () => {
  const instance = { host: '10.0.0.1', port: 80, health: 'passing', weight: 0, labels: {} } as const
  expect(toRegistration('gw-a', { name: 'web', protocol: 'http' }, instance)).toMatchObject({
    Status: 'critical',
    Weights: { Passing: 1, Warning: 1 },
  })
  const back = readBack({ name: 'web', protocol: 'http' }, instance)
  expect(back?.instance).toMatchObject({ weight: 0, health: 'critical' })
})
