import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { configJsonSchema, parseConfig } from '../../../src/config/load.ts'

const surroundings = {
  env: { TOKEN: 'from-env', EMPTY: '' } as Record<string, string | undefined>,
  readFile: (path: string) => {
    if (path === 'secret.txt') return 'from-file\n'
    throw new Error('ENOENT')
  },
}

function faultsOf(text: string): string {
  try {
    parseConfig(text, surroundings)
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

const GATEWAY = `
gateway:
  id: gw-1
  state: { path: ./state }
  legacy:
    advertise: 10.0.0.5
    registries: [{ kind: zookeeper, name: zk, servers: ['127.0.0.1:2181'] }]
    headers: { accepts: [b3], sends: [b3] }
  mesh:
    advertise: 10.0.0.5
    registries: [{ kind: consul, name: consul, token: '\${TOKEN}' }]
    headers: { accepts: [w3c], sends: [w3c] }
`

describe('parseConfig', () => {
  test('fills in the defaults of every part', () => {
    const { gateway } = parseConfig(GATEWAY, surroundings)
    expect(gateway?.admin).toEqual({ host: '127.0.0.1', port: 9901 })
    expect(gateway?.ports).toEqual({ from: 20_000, to: 29_999, quarantineMs: 86_400_000 })
    expect(gateway?.legacy.registries[0]).toMatchObject({
      dubboRoot: '/dubbo',
      layouts: { read: ['dubbo', 'dubbo-application', 'curator'], http: 'curator', rpc: 'dubbo' },
    })
  })

  test('the result is frozen all the way down', () => {
    const { gateway } = parseConfig(GATEWAY, surroundings)
    expect(Object.isFrozen(gateway?.mesh.registries[0])).toBe(true)
  })

  test.each([
    ['an environment variable', '${TOKEN}', 'from-env'],
    ['a file, without its last line end', '${file:secret.txt}', 'from-file'],
    ['a default, when the variable is not set', '${NOBODY:-fallback}', 'fallback'],
    ['an empty variable is set', 'a${EMPTY:-x}b', 'ab'],
    ['an escaped reference stays', '$${TOKEN}', '${TOKEN}'],
  ])('a secret comes from %s', (_why, reference, expected) => {
    const { gateway } = parseConfig(
      GATEWAY.replace('${TOKEN}', () => reference),
      surroundings,
    )
    expect(gateway?.mesh.registries[0]).toMatchObject({ token: expected })
  })

  test('every fault is listed, each with its path and what to do', () => {
    const text = GATEWAY.replace('id: gw-1', 'id: GW_1\n  typo: 1')
      .replace('accepts: [b3]', 'accepts: [b4]')
      .replace('${TOKEN}', '${MISSING} ${file:gone.txt}')
      .concat('  sync: { quietPeriodMs: 2000, maxDelayMs: 100 }\n  ports: { from: 9, to: 3 }\n')
    const message = faultsOf(text)
    expect(message).toContain('gateway.id: use 1 to 32 of a-z, 0-9 and -')
    expect(message).toContain('gateway.typo: is not known here')
    expect(message).toContain('gateway.legacy.headers.accepts.0: no such format')
    expect(message).toContain('environment variable MISSING is not set')
    expect(message).toContain('gateway.mesh.registries.0.token: file gone.txt cannot be read')
  })

  test('state is in a folder, or where a registry is', () => {
    const state = (text: string) =>
      parseConfig(GATEWAY.replace('{ path: ./state }', text), surroundings).gateway?.state
    expect(state('{ path: ./state }')).toEqual({ kind: 'file', path: './state' })
    const inZookeeper = { kind: 'zookeeper', registry: 'zk' }
    expect(state('{ kind: zookeeper, registry: zk }')).toEqual(inZookeeper)
  })

  test('a side has as many registries as it has', () => {
    const { gateway } = parseConfig(
      GATEWAY.replace(
        "servers: ['127.0.0.1:2181'] }]",
        "servers: ['127.0.0.1:2181'] }, { kind: memory, name: old }]",
      ),
      surroundings,
    )
    expect(gateway?.legacy.registries.map(({ name }) => name)).toEqual(['zk', 'old'])
  })

  test.each([
    [
      'limits that contradict each other',
      GATEWAY + '  sync: { quietPeriodMs: 2000, maxDelayMs: 100 }\n',
      'gateway.sync.quietPeriodMs: must not exceed sync.maxDelayMs',
    ],
    [
      'an empty port range',
      GATEWAY + '  ports: { from: 9, to: 3 }\n',
      'gateway.ports.from: must not exceed ports.to',
    ],
    [
      'two registries under one name, by which loops would go unseen',
      GATEWAY.replace('name: consul', 'name: zk'),
      'registry names must differ',
    ],
    [
      'a name template that says what nothing is',
      GATEWAY + "  names: { legacyToMesh: { template: '{name}-{zone}' } }\n",
      'gateway.names.legacyToMesh.template: {zone} is not known here',
    ],
    [
      'two names for one service',
      GATEWAY + '  names: { overrides: [{ service: a, as: b }, { service: a, as: c }] }\n',
      'gateway.names.overrides.1.service: a has a name already at overrides.0',
    ],
    [
      'state in a system without the registry that reaches it',
      GATEWAY.replace('{ path: ./state }', '{ kind: zookeeper }'),
      'gateway.state.registry: name the zookeeper registry whose ensemble keeps it',
    ],
    [
      'state in a registry of another kind',
      GATEWAY.replace('{ path: ./state }', '{ kind: zookeeper, registry: consul }'),
      'gateway.state.registry: no registry of kind zookeeper has this name',
    ],
    [
      'instances at their own addresses without a name that all replicas share',
      GATEWAY + "  addressing: { meshToLegacy: { rules: [{ service: 'a*', mode: direct }] } }\n",
      'gateway.cluster: is required for addressing: direct',
    ],
    [
      'a cluster under the name of a gateway',
      GATEWAY + '  cluster: gw-1\n',
      'gateway.cluster: must differ from gateway.id',
    ],
    ['text that is not YAML', 'gateway: [', 'configuration has 1 fault'],
  ])('refuses %s', (_why, text, expected) => {
    expect(faultsOf(text)).toContain(expected)
  })
})

test('docs/config.schema.json is the schema of this version', () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL('../../../docs/config.schema.json', import.meta.url), 'utf8'),
  )
  expect(published).toEqual(JSON.parse(JSON.stringify(configJsonSchema())))
})
