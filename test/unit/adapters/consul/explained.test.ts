import { expect, test } from '@jest/globals'
import { Explained } from '../../../../adapters/registries/consul/explained.ts'

interface Case {
  readonly ours: readonly number[]
  readonly listed: number
  readonly explained: boolean
}

test.each<readonly [string, Case]>([
  ['nothing has changed', { ours: [], listed: 10, explained: true }],
  ['all of it is ours', { ours: [11, 12, 13], listed: 13, explained: true }],
  ['ours may be ahead of the list', { ours: [11, 12, 13], listed: 12, explained: true }],
  ['the last one is somebody else’s', { ours: [11, 12], listed: 13, explained: false }],
  ['one in between is somebody else’s', { ours: [11, 13], listed: 13, explained: false }],
  ['all of it is somebody else’s', { ours: [], listed: 11, explained: false }],
])('after a reading as of 10: %s', (_, { ours, listed, explained }) => {
  const changes = new Explained()
  changes.begin(10)
  for (const index of ours) changes.wrote(index)
  changes.listed(listed)
  expect(changes.settle()).toBe(explained)
})

test('what was looked for once is not looked for again, what comes after it is', () => {
  const changes = new Explained()
  changes.begin(10)
  changes.listed(12)
  expect([changes.settle(), changes.settle()]).toEqual([false, true])
  changes.wrote(13)
  changes.listed(13)
  expect(changes.settle()).toBe(true)
  changes.listed(14)
  expect(changes.settle()).toBe(false)
})
