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
  const sources = ['zk', 'consul'].map((name) => {
    let reads = 1
    return { reads: () => reads++, resync: () => asked.push(name) }
  })
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
  const sources = [{ reads: () => asked + 1, resync: () => (asked += 1) }]
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

test('what is due while a read is under way is left out, also while the first one is', async () => {
  const clock = new HeldClock(0)
  const stop = new AbortController()
  let reads = 0
  let asked = 0
  const sources = [{ reads: () => reads, resync: () => (asked += 1) }]
  const running = new FullReads({ sources, clock, everyMs: 1_000, random: () => 0.5 }).run(
    stop.signal,
  )
  const due = async (): Promise<number> => {
    await clock.advance(1_000, stop.signal)
    return asked
  }
  expect([await due(), await due()]).toEqual([0, 0])
  reads = 1
  expect([await due(), await due(), await due()]).toEqual([1, 1, 1])
  reads = 2
  expect([await due(), await due()]).toEqual([2, 2])
  stop.abort()
  await running
})

test('one that was asked for meanwhile by somebody else is one: none is left out for it', async () => {
  const clock = new HeldClock(0)
  const stop = new AbortController()
  let reads = 1
  let asked = 0
  const sources = [{ reads: () => reads, resync: () => (asked += 1) }]
  const running = new FullReads({ sources, clock, everyMs: 1_000, random: () => 0.5 }).run(
    stop.signal,
  )
  await clock.advance(1_000, stop.signal)
  reads += 2
  await clock.advance(1_000, stop.signal)
  expect(asked).toBe(2)
  stop.abort()
  await running
})
