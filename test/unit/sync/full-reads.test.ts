import { expect, test } from '@jest/globals'
import { FullReads } from '../../../src/sync/full-reads.ts'
import { HeldClock } from '../../support/held-clock.ts'

test.each([
  ['at the earliest', 0, 750],
  ['in the middle', 0.5, 1_000],
  ['at the latest', 0.999, 1_249.5],
])('each registry is read again and again: %s', async (_when, random, pauseMs) => {
  const clock = new HeldClock(0)
  const stop = new AbortController()
  const asked: string[] = []
  const sources = ['zk', 'consul'].map((name) => ({ resync: () => asked.push(name) }))
  const reads = new FullReads({ sources, clock, everyMs: 1_000, random: () => random })
  const running = reads.run(stop.signal)
  await clock.advance(pauseMs - 1, stop.signal)
  expect(asked).toEqual([])
  await clock.advance(1, stop.signal)
  expect(asked).toEqual(['zk', 'consul'])
  await clock.advance(pauseMs, stop.signal)
  expect(asked).toHaveLength(4)
  stop.abort()
  await running
})

test('another pause counts from the moment that it is configured, and the end reads nothing', async () => {
  const clock = new HeldClock(0)
  const stop = new AbortController()
  let asked = 0
  const sources = [{ resync: () => (asked += 1) }]
  const reads = new FullReads({ sources, clock, everyMs: 600_000, random: () => 0.5 })
  const running = reads.run(stop.signal)
  await clock.settled(stop.signal)
  reads.configure(1_000)
  await clock.advance(1_000, stop.signal)
  expect(asked).toBe(1)
  stop.abort()
  await running
  expect(asked).toBe(1)
})
