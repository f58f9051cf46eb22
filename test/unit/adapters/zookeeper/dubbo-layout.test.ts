import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { dubboLayout } from '../../../../adapters/registries/zookeeper/dubbo-layout.ts'
import { javaEncode } from '../../../../adapters/registries/zookeeper/dubbo-url.ts'
import type { Instance, ServiceKey } from '../../../../src/registry/model.ts'
import { instances, serviceKeys } from './arbitraries.ts'
import { DUBBO_2, DUBBO_31_IPV6, DUBBO_33_TRIPLE } from './samples.ts'

const layout = dubboLayout('/dubbo')
const NAME = 'com.acme.Foo'

function decodeUrl(url: string): ReturnType<typeof layout.decode> {
  return layout.decode(NAME, javaEncode(url), undefined)
}

describe('what real providers wrote', () => {
  test('Dubbo 2', () => {
    const name = 'org.apache.dubbo.samples.basic.api.DemoService'
    expect(layout.decode(name, DUBBO_2, undefined)).toMatchObject({
      key: { name, protocol: 'dubbo' },
      instance: {
        ...{ host: '172.18.0.9', port: 20_880, health: 'passing', weight: 100 },
        labels: { application: 'demo-provider', methods: 'testVoid,sayHello', pid: '6' },
      },
    })
  })

  test('Dubbo 3.1 with an IPv6 parameter', () => {
    const reading = layout.decode('x', DUBBO_31_IPV6, undefined)
    expect(reading).toMatchObject({
      instance: {
        host: '30.221.146.35',
        labels: { ipv6: 'fd00:1:5:5200:3218:774a:4f67:2341', release: '3.1.4' },
      },
    })
  })

  test('Dubbo 3.3 triple', () => {
    expect(layout.decode('x', DUBBO_33_TRIPLE, undefined)).toMatchObject({
      key: { name: 'x', protocol: 'tri' },
      instance: { port: 50_052, labels: { 'prefer.serialization': 'fastjson2,hessian2' } },
    })
  })
})

describe('what decides whether and how a provider is called', () => {
  test.each([
    ['no version is no version', '', { key: { name: NAME, protocol: 'dubbo' } }],
    ['0.0.0 is one', 'version=0.0.0', { key: { version: '0.0.0' } }],
    ['group and version', 'group=blue&version=1', { key: { group: 'blue', version: '1' } }],
    ['an empty group is none', 'group=&version=', { key: { name: NAME, protocol: 'dubbo' } }],
    ['weight 0: no traffic', 'weight=0', { instance: { weight: 0, health: 'passing' } }],
    ['a weight', 'weight=250', { instance: { weight: 250 } }],
    ['no number is the usual weight', 'weight=much', { instance: { weight: 100 } }],
    ['enabled=false', 'enabled=false', { instance: { health: 'critical' } }],
    ['disabled=true', 'disabled=true', { instance: { health: 'critical' } }],
    ['enabled=true', 'enabled=true&disabled=false', { instance: { health: 'passing' } }],
    ['the parent names the interface', 'interface=other.Name', { key: { name: NAME } }],
  ])('%s', (_, query, expected) => {
    const reading = decodeUrl(`dubbo://10.0.0.1:1/${NAME}?${query}`)
    expect(reading).toMatchObject({ kind: 'instance', ...expected })
  })

  test('absent group and version are absent, not undefined', () => {
    const reading = decodeUrl('dubbo://10.0.0.1:1/x?group=&version=')
    expect(reading.kind === 'instance' && Object.keys(reading.key)).toEqual(['name', 'protocol'])
  })

  test.each([
    ['a persistent provider stays', 'dynamic=false', 'record'],
    ['any other goes with its session', 'dynamic=true', 'other-session'],
  ])('%s', (_, query, keeper) => {
    const reading = decodeUrl(`dubbo://10.0.0.1:1/x?${query}`)
    expect(reading.kind === 'instance' && layout.keeperOf(reading)).toBe(keeper)
  })

  test.each([['no URL'], ['dubbo://h:70000/x'], ['%E0%A4%A'], ['']])('garbage: %s', (url) => {
    expect(layout.decode(NAME, url, undefined).kind).toBe('garbage')
  })

  test('Dubbo keeps its own things beside the interfaces', () => {
    expect(['config', 'metadata', 'mapping', 'a.B'].map((name) => layout.nameOf(name))).toEqual([
      ...[undefined, undefined, undefined],
      'a.B',
    ])
  })

  test('a name in another spelling is no interface that a consumer finds', () => {
    expect(layout.nameOf('a%2FB')).toBe('a/B')
    expect(layout.nameOf('a%2fB')).toBeUndefined()
  })
})

const OURS: Omit<Instance, 'id'> = {
  host: '10.9.0.1',
  port: 21_000,
  health: 'passing',
  weight: 100,
  labels: { methods: 'a,b', pid: '7', bad: 'x&y=z', side: 'consumer', 'isthmus-path': 'forged' },
  origin: {
    owner: 'gw-a',
    registry: 'mesh-1',
    key: { name: 'foo-service', protocol: 'http' },
    path: ['mesh-1', 'gw-a'],
  },
}
const KEY: ServiceKey = { name: NAME, version: '1.0.0', group: 'blue', protocol: 'dubbo' }

describe('what we write', () => {
  test('is these bytes, for ever', () => {
    const { child, data } = layout.encode(KEY, OURS)
    expect(data).toHaveLength(0)
    expect(decodeURIComponent(child)).toBe(
      'dubbo://10.9.0.1:21000/com.acme.Foo?bridge=3b61e4bfbb978d5b&category=providers&dynamic=true' +
        '&group=blue&interface=com.acme.Foo&isthmus-key=http:foo-service&isthmus-owner=gw-a' +
        '&isthmus-path=mesh-1,gw-a&isthmus-registry=mesh-1&methods=a,b&pid=7&side=provider' +
        '&version=1.0.0',
    )
  })

  test('is read back as it was meant, and written again as the same bytes', () => {
    const accepted = serviceKeys.filter((key) => layout.accepts(key) === true)
    fc.assert(
      fc.property(accepted, instances, (key, instance) => {
        const written = layout.encode(key, instance)
        const reading = layout.decode(key.name, written.child, written.data)
        if (reading.kind !== 'instance') throw new Error(reading.kind)
        expect(reading.key).toEqual(key)
        const { host, port, weight, origin, zone } = instance
        expect(reading.instance).toMatchObject({ host, port, weight })
        expect(reading.instance.origin).toEqual(origin)
        expect(reading.instance.zone).toBe(zone)
        expect(reading.instance.health === 'critical').toBe(instance.health === 'critical')
        expect(layout.encode(reading.key, reading.instance)).toEqual(written)
      }),
    )
  })

  test('is recognized by its name when the marks are gone, and by its owner alone', () => {
    const { child } = layout.encode(KEY, OURS)
    const stripped = child.replace(/%26isthmus-.*?(?=%26(?!isthmus))/g, '')
    expect(stripped).not.toContain('isthmus')
    const seen: Instance = { ...OURS, id: `dubbo/${stripped}` }
    expect(layout.recognizes('gw-a', KEY, stripped, seen)).toBe(true)
    expect(layout.recognizes('gw-b', KEY, stripped, seen)).toBe(false)
    expect(layout.recognizes('gw-a', { ...KEY, version: '2' }, stripped, seen)).toBe(false)
    expect(layout.recognizes('gw-a', KEY, DUBBO_2, seen)).toBe(false)
  })
})

test.each([
  ['an interface', { name: 'a.B', protocol: 'dubbo' }, true],
  ['letters of any script', { name: 'ä/ö', protocol: 'tri' }, true],
  ['what Dubbo keeps there', { name: 'mapping', protocol: 'dubbo' }, false],
  ['any interface', { name: '*', protocol: 'dubbo' }, false],
  ['no name', { name: '', protocol: 'dubbo' }, false],
  ['a step up', { name: '..', protocol: 'dubbo' }, false],
  ['a version that a URL splits', { name: 'a', version: '1&2', protocol: 'dubbo' }, false],
  ['an empty group', { name: 'a', group: '', protocol: 'dubbo' }, false],
  ['any version', { name: 'a', version: '*', protocol: 'dubbo' }, false],
  ['no scheme', { name: 'a', protocol: 'my protocol' }, false],
])('accepts %s: %j is %s', (_, key, accepted) => {
  expect(layout.accepts(key) === true).toBe(accepted)
})
