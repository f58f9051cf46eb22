import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { curatorLayout } from '../../../../adapters/registries/zookeeper/curator-layout.ts'
import type { Instance } from '../../../../src/registry/model.ts'
import { instances, serviceKeys } from './arbitraries.ts'
import { DUBBO_APPLICATION, SPRING_CLOUD } from './samples.ts'

const SPRING_CLASS = 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance'
const layout = curatorLayout('/services', SPRING_CLASS)
const KEY = { name: 'web', protocol: 'http' }

function decode(json: string): ReturnType<typeof layout.decode> {
  return layout.decode('web', 'some-id', Buffer.from(json))
}

/** An instance as anybody may write it, with `part` in place of what it had. */
function written(part: object, metadata: object = {}): string {
  const payload = { '@class': 'com.acme.Own', metadata }
  return JSON.stringify({ name: 'web', id: 'x', address: '10.0.0.1', port: 80, payload, ...part })
}

describe('what others wrote', () => {
  test('Spring Cloud', () => {
    expect(decode(SPRING_CLOUD)).toEqual({
      kind: 'instance',
      key: { name: 'web', protocol: 'http' },
      instance: {
        ...{ host: '10.0.0.0', port: 8071, health: 'passing', weight: 100 },
        labels: { version: '1' },
      },
    })
  })

  test('Dubbo on application level is left to a layout of its own', () => {
    expect(decode(DUBBO_APPLICATION).kind).toBe('skipped')
  })

  test.each([
    ['plain Curator: no payload', written({ payload: null }), { health: 'passing', labels: {} }],
    ['a payload that is text', written({ payload: 'text' }), { health: 'passing' }],
    ['a host name', written({ address: 'DESKTOP-26GC398' }), { host: 'DESKTOP-26GC398' }],
    ['IPv6', written({ address: 'fd00::1' }), { host: 'fd00::1' }],
    ['not enabled', written({ enabled: false }), { health: 'critical' }],
    ['enabled', written({ enabled: true }), { health: 'passing' }],
    ['out of service', written({}, { instance_status: 'OUT_OF_SERVICE' }), { health: 'critical' }],
    ['up in small letters', written({}, { instance_status: 'up' }), { health: 'passing' }],
    [
      'numbers and truths are text',
      written({}, { a: 1, b: true }),
      { labels: { a: '1', b: 'true' } },
    ],
    ['what is nested is no label', written({}, { a: { b: 1 } }), { labels: {} }],
    ['only a port for TLS', written({ port: null, sslPort: 8443 }), { port: 8443 }],
    ['both ports', written({ sslPort: 8443 }), { port: 80 }],
  ])('%s', (_, json, expected) => {
    expect(decode(json)).toMatchObject({ kind: 'instance', instance: expected })
  })

  test.each([
    ['none said', written({}), 'http'],
    ['said in the metadata', written({}, { protocol: 'gRPC' }), 'grpc'],
    ['TLS alone', written({ port: null, sslPort: 8443 }), 'https'],
  ])('protocol: %s', (_, json, protocol) => {
    expect(decode(json)).toMatchObject({ key: { name: 'web', protocol } })
  })

  test.each([
    ['no JSON', 'configurators'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['no address', written({ address: null })],
    ['an address with a space', written({ address: 'a b' })],
    ['no port', written({ port: null })],
    ['port 0', written({ port: 0 })],
    ['a port too high', written({ port: 70_000 })],
    ['a port as text', written({ port: '80' })],
  ])('garbage: %s', (_, json) => {
    expect(decode(json).kind).toBe('garbage')
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (json) => {
        expect(decode(json).kind).not.toBe('instance')
      }),
    )
  })
})

const OURS: Omit<Instance, 'id'> = {
  host: '10.9.0.1',
  port: 21_000,
  health: 'passing',
  weight: 100,
  labels: { team: 'a&b', instance_status: 'DOWN', 'isthmus-owner': 'forged' },
  origin: { owner: 'gw-a', registry: 'mesh-1', key: KEY, path: ['mesh-1', 'gw-a'] },
}

describe('what we write', () => {
  test('is these bytes, for ever', () => {
    const { child, data } = layout.encode(KEY, OURS)
    expect(child).toBe('isthmus-gw-a-c26ac2f1f8f31670')
    expect(data.toString()).toBe(
      `{"name":"web","id":"${child}","address":"10.9.0.1","port":21000,"sslPort":null,` +
        `"payload":{"@class":"${SPRING_CLASS}","id":"${child}","name":"web","metadata":` +
        '{"instance_status":"UP","isthmus-key":"http:web","isthmus-owner":"gw-a",' +
        '"isthmus-path":"mesh-1,gw-a","isthmus-registry":"mesh-1","team":"a&b"}},' +
        '"registrationTimeUTC":0,"serviceType":"DYNAMIC","uriSpec":{"parts":[' +
        '{"value":"scheme","variable":true},{"value":"://","variable":false},' +
        '{"value":"address","variable":true},{"value":":","variable":false},' +
        '{"value":"port","variable":true}]}}',
    )
  })

  test('is read back as it was meant, and written again as the same bytes', () => {
    const accepted = serviceKeys
      .map(({ name, protocol }) => ({ name, protocol }))
      .filter((key) => layout.accepts(key) === true)
    fc.assert(
      fc.property(accepted, instances, (key, instance) => {
        const first = layout.encode(key, instance)
        const reading = layout.decode(key.name, first.child, first.data)
        if (reading.kind !== 'instance') throw new Error(reading.kind)
        expect(reading.key).toEqual(key)
        expect(reading.instance).toMatchObject({ host: instance.host, port: instance.port })
        expect(reading.instance.origin).toEqual(instance.origin)
        expect(reading.instance.zone).toBe(instance.zone)
        const usable = instance.health !== 'critical' && instance.weight > 0
        expect(reading.instance.health).toBe(usable ? 'passing' : 'critical')
        expect(layout.encode(reading.key, reading.instance)).toEqual(first)
      }),
    )
  })

  test('is recognized by its name when the marks are gone, and by its owner alone', () => {
    const { child } = layout.encode(KEY, OURS)
    const seen: Instance = { ...OURS, id: `curator/${child}` }
    expect(layout.recognizes('gw-a', KEY, child, seen)).toBe(true)
    expect(layout.recognizes('gw', KEY, child, seen)).toBe(false)
    expect(layout.recognizes('gw-a', KEY, child, { ...seen, port: 1 })).toBe(false)
    expect(layout.recognizes('gw-a', KEY, 'e479f40a-8f91-42a1-98e6-9377d224b360', seen)).toBe(false)
  })
})

test.each([
  ['an application', { name: 'web', protocol: 'http' }, true],
  ['another protocol', { name: 'web', protocol: 'grpc' }, true],
  ['a name of more than one part', { name: 'a/b', protocol: 'http' }, false],
  ['no name', { name: '', protocol: 'http' }, false],
  ['a step up', { name: '..', protocol: 'http' }, false],
  ['a control character', { name: 'a\u0007', protocol: 'http' }, false],
  ['a version', { name: 'web', version: '1', protocol: 'http' }, false],
  ['a group', { name: 'web', group: 'g', protocol: 'http' }, false],
  ['a protocol that is no scheme', { name: 'a', protocol: '://?' }, false],
])('accepts %s: %j is %s', (_, key, accepted) => {
  expect(layout.accepts(key) === true).toBe(accepted)
})
