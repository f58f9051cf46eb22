import { describe, expect, test } from '@jest/globals'
import { javaEncode } from '../../../../adapters/registries/zookeeper/dubbo-url.ts'
import {
  inOrder,
  overridden,
  parseOverride,
} from '../../../../adapters/registries/zookeeper/overrides.ts'
import type { Instance, ServiceKey } from '../../../../src/registry/model.ts'

const KEY: ServiceKey = { name: 'com.acme.Orders', version: '1.0.0', protocol: 'dubbo' }
const AT = 'com.acme.Orders?category=configurators&dynamic=false'
const INSTANCE: Instance = {
  ...{ id: 'x', host: '10.0.0.1', port: 20_880, health: 'passing', weight: 100, labels: {} },
}

function seen(urls: readonly string[], part: Partial<Instance> = {}, key = KEY): Instance {
  const overrides = urls.flatMap((url) => parseOverride(javaEncode(url)) ?? [])
  return overridden(key, { ...INSTANCE, ...part }, inOrder(overrides))
}

const UNTOUCHED = { health: 'passing', weight: 100 }

describe('what an override does to a provider', () => {
  test.each([
    [
      'disabled, at its address',
      `override://10.0.0.1:20880/${AT}&version=1.0.0&disabled=true`,
      { health: 'critical' },
    ],
    [
      'disabled, everywhere',
      `override://0.0.0.0/${AT}&version=1.0.0&disabled=true`,
      { health: 'critical' },
    ],
    ['a weight', `override://10.0.0.1:20880/${AT}&version=1.0.0&weight=200`, { weight: 200 }],
    ['weight 0: no traffic', `override://0.0.0.0/${AT}&version=1.0.0&weight=0`, { weight: 0 }],
    [
      'of one method',
      `override://0.0.0.0/${AT}&version=1.0.0&get.weight=5`,
      { weight: 100, labels: { 'get.weight': '5' } },
    ],
    ['of a host, at each port', `override://10.0.0.1/${AT}&version=1.0.0&weight=7`, { weight: 7 }],
    ['of any version', `override://0.0.0.0/${AT}&version=*&weight=7`, { weight: 7 }],
    [
      'of listed providers',
      `override://0.0.0.0/${AT}&version=1.0.0&providerAddresses=10.0.0.1:20880&weight=7`,
      { weight: 7 },
    ],
    [
      'of others',
      `override://0.0.0.0/${AT}&version=1.0.0&providerAddresses=10.0.0.2:20880&weight=7`,
      UNTOUCHED,
    ],
    ['caution (c): no version is not any version', `override://0.0.0.0/${AT}&weight=7`, UNTOUCHED],
    ['another version', `override://0.0.0.0/${AT}&version=2.0.0&weight=7`, UNTOUCHED],
    ['another group', `override://0.0.0.0/${AT}&version=1.0.0&group=red&weight=7`, UNTOUCHED],
    ['another host', `override://10.0.0.2:20880/${AT}&version=1.0.0&weight=7`, UNTOUCHED],
    ['another port', `override://10.0.0.1:20881/${AT}&version=1.0.0&weight=7`, UNTOUCHED],
    ['switched off', `override://0.0.0.0/${AT}&version=1.0.0&enabled=false&weight=7`, UNTOUCHED],
    ['for consumers', `override://0.0.0.0/${AT}&version=1.0.0&side=consumer&weight=7`, UNTOUCHED],
    [
      'for one application',
      `override://0.0.0.0/${AT}&version=1.0.0&application=shop&weight=7`,
      UNTOUCHED,
    ],
    ['what is nobody else’s', `override://0.0.0.0/${AT}&version=1.0.0&timeout=7`, { labels: {} }],
    ['no override', `provider://10.0.0.1:20880/${AT}&version=1.0.0&weight=7`, UNTOUCHED],
    ['garbage', 'not-a-url', UNTOUCHED],
  ])('%s', (_, url, expected) => {
    expect(seen([url])).toMatchObject(expected)
  })

  test('absent sets only what the provider does not say', () => {
    const url = `absent://0.0.0.0/${AT}&version=1.0.0&weight=7&get.weight=8`
    expect(seen([url])).toMatchObject({ weight: 7, labels: { 'get.weight': '8' } })
    expect(seen([url], { weight: 50, labels: { 'get.weight': '9' } })).toMatchObject({
      ...{ weight: 50, labels: { 'get.weight': '9' } },
    })
  })

  test('what is for one host outweighs what is for all, whatever their priority', () => {
    const all = `override://0.0.0.0/${AT}&version=1.0.0&disabled=true&weight=1&priority=9`
    const one = `override://10.0.0.1:20880/${AT}&version=1.0.0&disabled=false`
    expect(seen([one, all])).toMatchObject({ health: 'passing', weight: 1 })
    expect(seen([all, one])).toMatchObject({ health: 'passing', weight: 1 })
  })

  test('of two for the same host the higher priority counts', () => {
    const low = `override://0.0.0.0/${AT}&version=1.0.0&weight=1&priority=2`
    const high = `override://0.0.0.0/${AT}&version=1.0.0&weight=2&priority=10`
    expect(seen([low, high]).weight).toBe(2)
    expect(seen([high, low]).weight).toBe(2)
  })

  test('a provider that is disabled stays so', () => {
    const url = `override://0.0.0.0/${AT}&version=1.0.0&disabled=false`
    expect(seen([url], { health: 'critical' }).health).toBe('critical')
  })
})
