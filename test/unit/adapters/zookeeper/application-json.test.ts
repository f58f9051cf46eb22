import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  applicationOf,
  formatMetadata,
  isDubboApplication,
  parseMetadata,
} from '../../../../adapters/registries/zookeeper/application-json.ts'
import { applicationLayout } from '../../../../adapters/registries/zookeeper/application-layout.ts'
import {
  withApplication,
  withoutApplication,
} from '../../../../adapters/registries/zookeeper/application-names.ts'
import { parseCuratorJson } from '../../../../adapters/registries/zookeeper/curator-json.ts'
import { instances, serviceKeys } from './arbitraries.ts'
import { DUBBO_APPLICATION, SPRING_CLOUD } from './samples.ts'

function instanceWith(metadata: object): ReturnType<typeof applicationOf> {
  const json = parseCuratorJson(
    Buffer.from(JSON.stringify({ address: 'h', port: 1, payload: { metadata } })),
  )
  return json && applicationOf(json)
}

const REVISION = { 'dubbo.metadata.revision': 'abc' }

describe('an instance', () => {
  test('as Dubbo 3.1 has written it', () => {
    const json = parseCuratorJson(Buffer.from(DUBBO_APPLICATION))
    expect(json && applicationOf(json)).toEqual({
      ...{ host: '30.221.146.35', port: 20_880, enabled: true },
      ports: new Map([['dubbo', 20_880]]),
      revision: '871fbc9cb2730caea9b0d858852d5ede',
      metadata: new Map([['timestamp', '1674960780647']]),
    })
  })

  test("caution (e): by the payload's class, or by the metadata of one of another class", () => {
    const isOne = (text: string): boolean => {
      const json = parseCuratorJson(Buffer.from(text))
      return json !== undefined && isDubboApplication(json)
    }
    expect(isOne(DUBBO_APPLICATION)).toBe(true)
    expect(isOne(SPRING_CLOUD)).toBe(false)
    expect(isOne('{"address":"h","port":1,"payload":{"@class":"com.acme.Own"}}')).toBe(false)
    const plain = JSON.stringify({ address: 'h', port: 1, payload: { metadata: REVISION } })
    expect(isOne(plain)).toBe(true)
  })

  test.each([
    ['no endpoints', REVISION, { ports: new Map() }],
    ['endpoints that are no JSON', { ...REVISION, 'dubbo.endpoints': '[{' }, { ports: new Map() }],
    ['endpoints that are no list', { ...REVISION, 'dubbo.endpoints': '{}' }, { ports: new Map() }],
    [
      'a port that is none',
      { ...REVISION, 'dubbo.endpoints': '[{"port":0,"protocol":"a"},{"port":2,"protocol":"B"},7]' },
      { ports: new Map([['b', 2]]) },
    ],
    ['revision 0', { 'dubbo.metadata.revision': '0' }, { revision: undefined }],
  ])('%s', (_, metadata, expected) => {
    expect(instanceWith(metadata)).toMatchObject(expected)
  })

  test.each([
    ['none', {}],
    ['a path', { 'dubbo.metadata.revision': '../../zookeeper' }],
    ['empty', { 'dubbo.metadata.revision': '' }],
  ])('a revision that names no znode: %s', (_, metadata) => {
    expect(instanceWith(metadata)).toBeUndefined()
  })
})

describe('the metadata', () => {
  test.each([
    ['no JSON', 'x'],
    ['no services', '{"app":"a"}'],
    ['services that are no object', '{"services":[]}'],
  ])('undefined for %s', (_, text) => {
    expect(parseMetadata(Buffer.from(text))).toBeUndefined()
  })

  test('a service that names nothing costs no other one', () => {
    const services = { a: null, b: { name: '' }, c: { name: 'C', protocol: 'DUBBO', group: '' } }
    expect(parseMetadata(Buffer.from(JSON.stringify({ services })))).toEqual([
      { name: 'C', protocol: 'dubbo', params: new Map() },
    ])
  })

  test('a revision is of its content: the order of parameters leaves no trace', () => {
    const service = { name: 'a.B', protocol: 'tri' }
    const revision = (entries: [string, string][]): string =>
      formatMetadata('app', { ...service, params: new Map(entries) }).revision
    const one: [string, string] = ['a', '1']
    const two: [string, string] = ['b', '2']
    expect(revision([one, two])).toBe(revision([two, one]))
    expect(revision([one])).not.toBe(revision([two]))
    expect(revision([one])).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('what we write', () => {
  const layout = applicationLayout({ services: '/services', dubbo: '/dubbo' })
  const accepted = serviceKeys.filter((key) => layout.accepts(key) === true)

  test('is read back as it was meant, and written again as the same bytes', () => {
    fc.assert(
      fc.property(accepted, instances, (key, instance) => {
        const first = layout.encode(key, instance)
        const read = layout.decodeOwn(key, first, instance)
        if (!read) throw new Error('not read back')
        const { host, port, weight, origin, zone } = instance
        expect(read).toMatchObject({ host, port, weight })
        expect(read.origin).toEqual(origin)
        expect(read.zone).toBe(zone)
        expect(read.health).toBe(instance.health === 'critical' ? 'critical' : 'passing')
        expect(layout.encode(key, read)).toEqual(first)
        expect(layout.decodeOwn(key, first, read)).toEqual(read)
      }),
    )
  })

  test('is not taken for something else that it says', () => {
    const key = { name: 'a.B', protocol: 'tri' }
    const instance = { host: 'h', port: 1, health: 'passing', weight: 1, labels: {} } as const
    const znode = layout.encode(key, instance)
    expect(layout.decodeOwn(key, znode, { ...instance, weight: 2 })).toBeUndefined()
  })

  test.each([
    ['a slash in the name', { name: 'a/b', protocol: 'tri' }],
    ['a colon in the version', { name: 'a', version: '1:2', protocol: 'tri' }],
    ['no scheme', { name: 'a', protocol: 'T RI' }],
    ['every group', { name: 'a', group: '*', protocol: 'tri' }],
    ['no name', { name: '', protocol: 'tri' }],
    ['a control character', { name: 'a\u0000', protocol: 'tri' }],
  ])('refused with a reason: %s', (_, key) => {
    expect(layout.accepts(key)).toEqual(expect.any(String))
  })
})

test('an application goes into a list and out again, and the rest stays letter by letter', () => {
  const apps = fc.stringMatching(/^[a-z-]{1,8}$/)
  fc.assert(
    fc.property(fc.array(apps), (others) => {
      const list = others.join(',')
      fc.pre(!others.includes('isthmus-gw-1'))
      const longer = withApplication(list, 'isthmus-gw-1')
      expect(withApplication(longer, 'isthmus-gw-1')).toBe(longer)
      expect(withoutApplication(longer, 'isthmus-gw-1')).toBe(list)
    }),
  )
})
