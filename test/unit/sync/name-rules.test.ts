import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { names } from '../../../src/config/names.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { nameRules } from '../../../src/sync/name-rules.ts'
import type { NameOptions } from '../../../src/sync/name-rules.ts'
import { nameOf } from '../../../src/sync/names.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import type { GatewaySetup } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf } from '../../support/sync/ring.ts'

function instance(id: string): Instance {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {} }
}

function world(): {
  zk: MemoryBackend
  consul: MemoryBackend
  start: (options: Partial<NameOptions>, part?: Partial<GatewaySetup>) => Gateway
} {
  const [zk, consul] = [new MemoryBackend(), new MemoryBackend()]
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  const start = (options: Partial<NameOptions>, part: Partial<GatewaySetup> = {}): Gateway => {
    const { options: more, ...rest } = part
    const setup = { owner: 'gw', ...sides, ...rest }
    return new Gateway({ ...setup, options: { names: names.parse(options), ...more } })
  }
  return { zk, consul, start }
}

const textsOf = (backend: MemoryBackend): readonly string[] => backend.keys().map(keyText).sort()

function linesOf({ bridge }: Gateway): readonly string[] {
  return bridge
    .plan()
    .filter(({ reason }) => reason !== 'loop')
    .map(({ key, action, reason, detail }) => `${keyText(key)} ${action} ${reason} ${detail ?? ''}`)
}

describe('what goes across', () => {
  const patterns: readonly (readonly [
    string,
    readonly string[],
    readonly string[],
    string,
    string,
  ])[] = [
    ['all, unless said otherwise', ['*'], [], 'a.B', 'goes'],
    ['a pattern is of the whole name', ['com'], [], 'com.acme', 'not in include com'],
    ['* is any text, also none', ['com.*Foo'], [], 'com.Foo', 'goes'],
    ['? is one character', ['a?'], [], 'a', 'not in include a?'],
    ['a dot is a dot', ['a.b'], [], 'axb', 'not in include a.b'],
    ['other signs mean themselves', ['a(b)+[c]$'], [], 'a(b)+[c]$', 'goes'],
    ['one of several is enough', ['x', 'a*'], [], 'abc', 'goes'],
    ['what is excluded stays, also if included', ['a*'], ['x', '*c'], 'abc', 'exclude *c'],
    ['case counts', ['A'], [], 'a', 'not in include A'],
  ]
  test.each(patterns)('%s', (_, include, exclude, name, expected) => {
    const options = names.parse({ legacyToMesh: { include, exclude } })
    const rules = nameRules('legacy-to-mesh', options, () => true)
    const naming = nameOf({ key: { name, protocol: 'http' }, registry: 'zk' }, rules)
    expect(naming.kind === 'named' ? 'goes' : naming.rule).toBe(expected)
  })

  test('what a rule keeps back is not written, and the plan says which rule it was', async () => {
    const { zk, consul, start } = world()
    for (const name of ['shop', 'internal.cache'])
      zk.register(keyOf(`http:${name}`), instance(name))
    consul.register(keyOf('http:pay'), instance('pay'))
    const exclude = ['internal.*']
    await using gateway = start({ legacyToMesh: { ...names.parse({}).legacyToMesh, exclude } })
    await eventually('settled', () => gateway.isSettled() && zk.keys().length === 3)
    expect(textsOf(consul)).toEqual(['http:pay', 'http:shop'])
    expect(linesOf(gateway)).toEqual(['http:internal.cache skip excluded exclude internal.*'])
    expect(gateway.exposure.offered()).toHaveLength(2)
  })

  test('new rules while it works: what they leave alone is not written again', async () => {
    const { zk, consul, start } = world()
    for (const name of ['a', 'b', 'c']) zk.register(keyOf(`http:${name}`), instance(name))
    const held = { share: 0, atLeast: 0, windowMs: 600_000, holdMs: 600_000 }
    await using gateway = start({}, { options: { removalBudget: held } })
    await eventually('exported', () => gateway.isSettled() && consul.keys().length === 3)
    const rules = {
      overrides: [{ service: 'b', as: 'bee' }],
      legacyToMesh: { exclude: ['c'] },
    }
    gateway.configure({ names: names.parse(rules), removalBudget: held })
    await eventually('renamed', () => consul.instances(keyOf('http:bee')).length === 1)
    const lines = ['http:b hold renamed http:bee, override b', 'http:c hold excluded exclude c']
    await eventually('the old ones are held', () =>
      lines.every((line) => linesOf(gateway).includes(line)),
    )
    expect(consul.writes).toBe(4)
    gateway.bridge.release({})
    await eventually('let go', () => String(textsOf(consul)) === 'http:a,http:bee')
    expect(consul.writes).toBe(6)
  })
})

describe('failure mode 13: names, versions and groups match at the other side', () => {
  test('two services that a template cannot tell apart: one is written, the other is reported', async () => {
    for (const order of [0, 1]) {
      const { zk, consul, start } = world()
      const keys = ['dubbo:a:1', 'dubbo:a:2'].map(keyOf)
      for (const key of order === 0 ? keys : keys.reverse()) zk.register(key, instance('x'))
      const template = '{name}'
      await using gateway = start({ legacyToMesh: { ...names.parse({}).legacyToMesh, template } })
      await eventually('exported', () => gateway.isSettled() && consul.keys().length === 1)
      await turns(20)
      expect(textsOf(consul)).toEqual(['dubbo:a:1'])
      expect(consul.writes).toBe(1)
      const collisions = gateway.bridge.status().directions.flatMap((one) => one.collisions)
      expect(collisions).toEqual(['dubbo:a:2'])
    }
  })

  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,30}$/)
  const key: fc.Arbitrary<ServiceKey> = fc.record(
    {
      name: word,
      group: word,
      version: fc.stringMatching(/^[0-9.]{1,8}$/),
      protocol: fc.constantFrom('dubbo', 'http', 'tri'),
    },
    { requiredKeys: ['name', 'protocol'] },
  )
  const template = fc
    .array(fc.constantFrom('[{group}.]', '[-v{version}]', '-{protocol}', '.{registry}', 'x'), {
      maxLength: 4,
    })
    .map((parts) => ['{name}', ...parts].join(''))

  test('law: whatever the rules of two gateways, the return trip gives the original name back', () => {
    fc.assert(
      fc.property(key, template, template, fc.boolean(), word, (own, out, home, overridden, as) => {
        const overrides = overridden ? [{ service: own.name, as }] : []
        const there = names.parse({ overrides, legacyToMesh: { template: out } })
        const outward = nameOf(
          { key: own, registry: 'zk1' },
          nameRules('legacy-to-mesh', there, () => true),
        )
        if (outward.kind !== 'named') throw new Error('not excluded')
        const origin = { owner: 'g1', registry: 'zk1', key: own, path: ['g1'] }
        const back = nameRules(
          'mesh-to-legacy',
          names.parse({ meshToLegacy: { template: home } }),
          () => true,
        )
        const homeward = nameOf({ key: outward.target, registry: 'zk1', origin }, back)
        expect(homeward).toMatchObject({ kind: 'named', target: own, rule: 'its name in zk1' })
      }),
    )
  })

  test('law: no two services of one snapshot ever stand at one place, and none is lost silently', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 8, selector: keyText }),
        template,
        async (keys, text) => {
          const { zk, consul, start } = world()
          for (const [index, one] of keys.entries()) zk.register(one, instance(`i${index}`))
          const usual = names.parse({}).legacyToMesh
          await using gateway = start({ legacyToMesh: { ...usual, template: text } })
          await eventually('settled', () => gateway.isSettled() && consul.keys().length > 0)
          const shown = consul
            .keys()
            .flatMap((one) => consul.instances(one))
            .map(({ origin }) => (origin ? keyText(origin.key) : ''))
          const collisions = gateway.bridge.status().directions.flatMap((one) => one.collisions)
          expect([...shown, ...collisions].sort()).toEqual(keys.map(keyText).sort())
          expect(new Set(consul.keys().map(({ name }) => name)).size).toBe(shown.length)
          expect(consul.writes).toBe(shown.length)
        },
      ),
      { numRuns: 40 },
    )
  })
})
