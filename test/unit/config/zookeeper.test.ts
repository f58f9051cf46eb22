import { describe, expect, test } from '@jest/globals'
import { zookeeper } from '../../../src/config/zookeeper.ts'

const MINIMAL = { kind: 'zookeeper', name: 'zk', servers: ['127.0.0.1:2181'] }

function faultsOf(layouts: object): readonly string[] {
  const { error } = zookeeper.safeParse({ ...MINIMAL, layouts })
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('what is written must be read', () => {
  test.each([
    ['all that is there by default', {}, []],
    ['the application level, read by default', { rpc: 'dubbo-application' }, []],
    ['one layout for everything', { read: ['dubbo'], http: 'dubbo' }, []],
    [
      'a layout that is not read',
      { read: ['dubbo', 'curator'], rpc: 'dubbo-application' },
      [
        'layouts.rpc: dubbo-application must also stand in read: what is written is found again by reading',
      ],
    ],
    [
      'a default that is not read',
      { read: ['dubbo'] },
      ['layouts.http: curator must also stand in read: what is written is found again by reading'],
    ],
  ])('%s', (_, layouts, faults) => {
    expect(faultsOf(layouts)).toEqual(faults)
  })
})
