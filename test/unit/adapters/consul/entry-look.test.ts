import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { areEntries } from '../../../../adapters/registries/consul/entry-look.ts'
import { entry } from '../../../../adapters/registries/consul/wire.ts'

/** As Consul 1.8 answers, in its parts. */
const PLAIN = {
  Node: { ID: '', Node: 'n1', Address: '10.0.0.1', TaggedAddresses: null, Meta: null },
  Service: {
    ID: 'web-1',
    Service: 'web',
    Kind: '',
    Tags: ['a'],
    Address: '10.0.0.2',
    Port: 8080,
    Meta: { protocol: 'http' },
    Weights: { Passing: 1, Warning: 1 },
    Proxy: { DestinationServiceName: 'web', DestinationServiceID: 'web-1', MeshGateway: {} },
    Connect: { Native: true },
    EnableTagOverride: false,
    ModifyIndex: 7,
  },
  Checks: [{ Node: 'n1', CheckID: 'service:web-1', Status: 'passing', Output: '' }],
}

type Path = readonly [string, ...string[]]

function pathsIn(value: unknown): readonly Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]): Path[] => [
    [name],
    ...pathsIn(inner).map((path): Path => [name, ...path]),
  ])
}

/** As it comes from the wire: what is undefined is not there. */
function changedAt(path: Path, by: unknown): unknown {
  const copy = structuredClone(PLAIN)
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((at, name) => Reflect.get(Object(at), name), copy)
  Reflect.set(Object(parent), path.at(-1) ?? '', by)
  return JSON.parse(JSON.stringify(copy))
}

const SOMETHING = fc.oneof(
  fc.constantFrom(undefined, null, '', 'text', 0, 1.5, true, [], {}, ['a'], [1], { a: 1 }),
  fc.jsonValue(),
)

test('a plain answer is taken as it is', () => {
  expect(areEntries([PLAIN, { ...PLAIN, Checks: null }])).toBe(true)
})

test.each([undefined, null, 'x', 1, {}, [null], [[]], ['x']])(
  '%j is no list of entries',
  (answer) => {
    expect(areEntries(answer)).toBe(false)
  },
)

test('whatever is taken as it is would be taken by the schema', () => {
  const path = fc.constantFrom(...pathsIn(PLAIN))
  fc.assert(
    fc.property(path, SOMETHING, (where, by) => {
      const changed = changedAt(where, by)
      if (areEntries([changed])) expect(entry.safeParse(changed).success).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test.each(pathsIn(entry.parse(PLAIN)).map((path) => [path.join('.'), path] as const))(
  'a number, a text and a list at %s are taken as the schema takes them',
  (_, path) => {
    for (const by of [1, 'text', ['a'], null, undefined]) {
      const changed = changedAt(path, by)
      expect([by, areEntries([changed])]).toEqual([by, entry.safeParse(changed).success])
    }
  },
)
