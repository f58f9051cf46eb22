import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { Places } from '../../../../adapters/connections/consul/places.ts'

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

/** Which of the takers have a place by now. */
async function taken(takers: readonly Promise<void>[]): Promise<readonly boolean[]> {
  const got = takers.map(() => false)
  takers.forEach((taker, n) => {
    void taker.then(() => (got[n] = true))
  })
  await jest.advanceTimersByTimeAsync(0)
  return got
}

const never = new AbortController().signal

test('the one that came first gets the place that becomes free', async () => {
  const places = new Places(1)
  const takers = [places.take(never), places.take(never), places.take(never)]
  expect(await taken(takers)).toEqual([true, false, false])
  places.free()
  expect(await taken(takers)).toEqual([true, true, false])
})

test('the place of a query that was given up is free when Consul’s wait is over', async () => {
  const places = new Places(1)
  await places.take(never)
  places.freeIn(5_000)
  const takers = [places.take(never)]
  await jest.advanceTimersByTimeAsync(4_999)
  expect(await taken(takers)).toEqual([false])
  await jest.advanceTimersByTimeAsync(1)
  expect(await taken(takers)).toEqual([true])
})

test('who does not wait any longer gets no place, and takes none from the next', async () => {
  const places = new Places(1)
  await places.take(never)
  const stop = new AbortController()
  const gaveUp = places.take(stop.signal)
  const next = places.take(never)
  stop.abort()
  await expect(gaveUp).rejects.toThrow('aborted')
  places.free()
  expect(await taken([next])).toEqual([true])
})
