import { expect, test } from '@jest/globals'
import { onePerAddress } from '../../../../adapters/registries/zookeeper/same-address.ts'
import type { Instance } from '../../../../src/registry/model.ts'

const ORIGIN = { owner: 'gw', registry: 'r', key: { name: 'n', protocol: 'p' }, path: ['gw'] }

function at(id: string, part: Partial<Instance> = {}): Instance {
  const base = {
    id,
    host: '10.0.0.1',
    port: 1,
    health: 'passing',
    weight: 100,
    labels: {},
  } as const
  return { ...base, ...part }
}

test.each<[string, readonly Instance[], readonly string[]]>([
  ['the interface level speaks for both', [at('dubbo-application/a'), at('dubbo/z')], ['dubbo/z']],
  [
    'failure mode 6: the later registration speaks for a restarted provider',
    [at('dubbo/b', { labels: { timestamp: '1' } }), at('dubbo/a', { labels: { timestamp: '2' } })],
    ['dubbo/a'],
  ],
  ['without a time, the same one each time', [at('dubbo/a'), at('dubbo/b')], ['dubbo/b']],
  [
    'another port is another instance',
    [at('dubbo/a'), at('dubbo/b', { port: 2 })],
    ['dubbo/a', 'dubbo/b'],
  ],
  ['another host too', [at('dubbo/a'), at('dubbo/b', { host: 'x' })], ['dubbo/a', 'dubbo/b']],
  [
    'what gateways wrote stays apart, to be found and removed',
    [at('dubbo/a', { origin: ORIGIN }), at('dubbo/b', { origin: ORIGIN }), at('dubbo/c')],
    ['dubbo/a', 'dubbo/b', 'dubbo/c'],
  ],
])('%s', (_, instances, left) => {
  const ids = (all: readonly Instance[]): readonly string[] => all.map(({ id }) => id).sort()
  expect(ids(onePerAddress(instances))).toEqual(left)
  expect(ids(onePerAddress([...instances].reverse()))).toEqual(left)
})
