import { expect, test } from '@jest/globals'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { createMeters } from '../../../src/sync/meters.ts'
import { Mirror } from '../../../src/sync/mirror.ts'

test('the last complete read of each registry is told in seconds, of one never read nothing', async () => {
  const metrics = new Metrics()
  const meters = createMeters(metrics)
  const clock = { nowMs: () => 1_700_000_000_500, monotonicMs: () => 0 }
  const mirrors = ['zk', 'consul'].map((name) => new Mirror(name, silentLog, clock))
  mirrors[0]?.apply({ kind: 'snapshot', records: [], unknownNames: [] })
  meters.level([], mirrors)
  mirrors[0]?.apply({ kind: 'stale', reason: 'lost' })
  meters.level([], mirrors)
  const lines = (await metrics.registry.metrics()).split('\n')
  const told = (name: string): readonly string[] =>
    lines.filter((one) => one.startsWith(`${name}{`))
  expect(told('isthmus_mirror_last_complete_read_timestamp_seconds')).toEqual([
    'isthmus_mirror_last_complete_read_timestamp_seconds{registry="zk"} 1700000000.5',
  ])
  expect(told('isthmus_mirror_complete')).toEqual([
    'isthmus_mirror_complete{registry="zk"} 0',
    'isthmus_mirror_complete{registry="consul"} 0',
  ])
})
