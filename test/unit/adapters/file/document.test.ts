import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatServices, parseServices } from '../../../../adapters/registries/file/document.ts'
import { keyText, type ServiceRecord } from '../../../../src/registry/model.ts'

const parse = (content: string) => parseServices('team.yaml', content)

test('a service needs a name and addresses, and nothing else', () => {
  expect(parse('services: [{ name: web, instances: [{ host: 10.0.0.1, port: 80 }] }]')).toEqual({
    kind: 'services',
    records: [
      {
        key: { name: 'web', protocol: 'http' },
        instances: [
          {
            id: 'team.yaml#10.0.0.1:80',
            host: '10.0.0.1',
            port: 80,
            weight: 100,
            health: 'passing',
            labels: {},
          },
        ],
      },
    ],
  })
})

test('a version is the text that stands there, quoted or not', () => {
  const parsed = parse(
    'services: [{ name: a, version: 1.0, instances: [{ host: h, port: "80", labels: { on: yes, n: 010 } }] }]',
  )
  expect(parsed).toMatchObject({
    records: [{ key: { version: '1.0' }, instances: [{ labels: { on: 'yes', n: '010' } }] }],
  })
})

test('what several entries say of one service is one service', () => {
  const parsed = parse(`
services:
  - { name: a, instances: [{ host: h1, port: 1 }] }
  - { name: a, instances: [{ host: h2, port: 2 }] }
  - { name: b, instances: [] }`)
  expect(
    parsed.kind === 'services' && parsed.records.map(({ instances }) => instances.length),
  ).toEqual([2])
})

test.each([
  ['no YAML', 'services: [', 'services'],
  ['an empty file, as an editor leaves it for a moment', '', 'expected'],
  ['a misspelt field', 'services: [{ name: a, instances: [], wieght: 1 }]', 'wieght'],
  ['a port out of range', 'services: [{ name: a, instances: [{ host: h, port: 70000 }] }]', 'port'],
  [
    'a port that is no number',
    'services: [{ name: a, instances: [{ host: h, port: http }] }]',
    'number',
  ],
  [
    'one id twice',
    'services: [{ name: a, instances: [{ host: h, port: 1 }, { host: h, port: 1 }] }]',
    'twice',
  ],
  [
    'labels that are no texts',
    'services: [{ name: a, instances: [{ host: h, port: 1, labels: { a: [b] } }] }]',
    'must be names with a text each',
  ],
  ['an alias bomb', 'a: &a [x,x]\nb: &b [*a,*a]\nservices: *b', 'services'],
])('a fault of the whole file: %s', (_, content, said) => {
  const parsed = parse(content)
  expect(parsed).toMatchObject({ kind: 'fault' })
  expect(parsed.kind === 'fault' && parsed.fault).toContain(said)
})

const text = fc.string({ unit: 'grapheme', minLength: 1 })
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/)
const instance = fc.record(
  {
    host: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.integer({ min: 1, max: 65_535 }),
    weight: fc.integer({ min: 0, max: 1_000 }),
    health: fc.constantFrom('passing', 'warning', 'critical'),
    zone: text,
    labels: fc.dictionary(text, fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
    origin: fc.record({
      owner: name,
      registry: name,
      key: fc.record({ name: text, group: text, version: text, protocol: name }),
      path: fc.array(name, { minLength: 1 }),
    }),
  },
  { requiredKeys: ['host', 'port', 'weight', 'health', 'labels'] },
)
const records: fc.Arbitrary<readonly ServiceRecord[]> = fc
  .uniqueArray(
    fc.record({
      key: fc.record(
        { name: text, group: text, version: fc.string({ unit: 'grapheme' }), protocol: name },
        { requiredKeys: ['name', 'protocol'] },
      ),
      instances: fc.array(instance, { minLength: 1, maxLength: 4 }),
    }),
    { selector: ({ key }) => keyText(key) },
  )
  .map((services) =>
    services.map(({ key, instances }) => ({
      key,
      instances: instances.map((one, n) => ({ ...one, id: `team.yaml#${n}` })),
    })),
  )

const inOrder = (all: readonly ServiceRecord[]): readonly ServiceRecord[] =>
  [...all].sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1))

test('a label may have any name', () => {
  const labels = Object.fromEntries([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  const one = { id: 'team.yaml#0', host: 'h', port: 1, weight: 100, health: 'passing' as const }
  const all = [{ key: { name: 'a', protocol: 'http' }, instances: [{ ...one, labels }] }]
  const parsed = parse(formatServices('heading', all))
  expect(parsed).toEqual({ kind: 'services', records: all })
  expect(JSON.stringify(parsed)).toContain('__proto__')
})

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(records, (all) => {
      const parsed = parse(formatServices('heading', all))
      expect(parsed).toEqual({ kind: 'services', records: inOrder(all) })
    }),
    { numRuns: 50 },
  )
})

test('the same records in another order are the same bytes', () => {
  fc.assert(
    fc.property(records, (all) => {
      const turned = [...all].reverse().map(({ key, instances }) => ({
        key,
        instances: [...instances].reverse().map((one) => ({
          ...one,
          labels: Object.fromEntries(Object.entries(one.labels).reverse()),
        })),
      }))
      expect(formatServices('heading', turned)).toBe(formatServices('heading', all))
    }),
    { numRuns: 50 },
  )
})
