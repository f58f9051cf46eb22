import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../src/config/load.ts'
import { changedFields, LIVE_FIELDS, refuseFixed } from '../../../src/config/reload.ts'
import type { Config } from '../../../src/config/schema.ts'
import { errorCode } from '../../../src/kernel/errors.ts'

type Part = Readonly<Record<string, unknown>>

function configWith(gateway: Part, rest: Part = {}): Config {
  const side = (kind: string): Part => ({
    advertise: 'gw.example',
    registries: [{ kind: 'memory', name: kind }],
    headers: { accepts: ['w3c'], sends: ['w3c'] },
  })
  const usual = { id: 'gw', state: { path: '/s' }, legacy: side('l'), mesh: side('m') }
  const text = JSON.stringify({ ...rest, gateway: { ...usual, ...gateway } })
  return parseConfig(text, { env: {}, readFile: () => '' })
}

describe('what differs', () => {
  test.each<[string, Part, Part, readonly string[]]>([
    ['nothing', {}, {}, []],
    ['a default that is written out', { onStop: 'keep' }, {}, []],
    ['one field deep in a block', { traffic: { drainMs: 1 } }, {}, ['gateway.traffic.drainMs']],
    ['two fields', { id: 'b', bind: '::' }, {}, ['gateway.id', 'gateway.bind']],
    [
      'a list counts as one field',
      { names: { overrides: [{ service: 'a', as: 'b' }] } },
      {},
      ['gateway.names.overrides'],
    ],
    ['a field that comes', { query: 'http://q.example' }, {}, ['gateway.query']],
    ['the log', {}, { log: { level: 'debug' } }, ['log.level']],
    [
      'another process’s part is none of ours',
      {},
      { query: { store: { kind: 'memory', name: 's' } } },
      [],
    ],
  ])('%s', (_what, gateway, rest, expected) => {
    expect(changedFields(configWith({}), configWith(gateway, rest))).toEqual(expected)
  })
})

describe('what a running gateway takes over', () => {
  test.each(LIVE_FIELDS)('%s', (field) => {
    expect(() => refuseFixed([field, `${field}.below`])).not.toThrow()
  })

  test.each([
    'gateway.id',
    'gateway.state.path',
    'gateway.ports.from',
    'gateway.bind',
    'gateway.legacy.registries',
    'gateway.mesh.advertise',
    'gateway.admin.port',
    'gateway.traffic.connectTimeoutMs',
    'gateway.namesakes',
  ])('not %s, and the refusal names it', (field) => {
    let failure: unknown
    try {
      refuseFixed(['gateway.sync.quietPeriodMs', field])
    } catch (error) {
      failure = error
    }
    expect(errorCode(failure)).toBe('CONFIG_INVALID')
    expect((failure as Error).message).toContain(`${field}: cannot change while the gateway runs`)
    expect((failure as Error).message).not.toContain('quietPeriodMs')
  })

  test('docs/operations.md lists the same', () => {
    const text = readFileSync(resolve(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
    const [, section = ''] = text.split('## Changing the configuration')
    const [table = ''] = section.split('\n## ')
    const listed = [...table.matchAll(/^\| `([^`]+)`\s*\|$/gm)].map(([, field]) => field)
    expect(listed).toEqual([...LIVE_FIELDS])
  })
})

describe('the admin listener of a gateway', () => {
  const admin = (part: Part): (() => Config) => {
    return () => configWith({ admin: part })
  }
  const token = 'sixteen-or-more-characters'

  test.each([['127.0.0.1'], ['127.1.2.3'], ['::1'], ['localhost']])('%s needs no token', (host) => {
    expect(admin({ host })).not.toThrow()
  })

  test.each([['0.0.0.0'], ['::'], ['10.0.0.1'], ['gw.example'], ['127.0.0.1.example']])(
    '%s needs one',
    (host) => {
      expect(admin({ host })).toThrow('gateway.admin.token: is needed when admin.host')
      expect(admin({ host, token })).not.toThrow()
    },
  )

  test.each([
    ['short', 'expected string to have >=16'],
    [`${token} ${token}`, 'use printable ASCII without spaces'],
  ])('%s is no token', (bad, message) => {
    expect(admin({ token: bad })).toThrow(message)
  })
})
