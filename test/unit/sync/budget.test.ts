import { describe, expect, test } from '@jest/globals'
import type { KeyText } from '../../../src/registry/model.ts'
import { keyText } from '../../../src/registry/model.ts'
import { RemovalBudget } from '../../../src/sync/budget.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

const OPTIONS = { share: 0.3, atLeast: 2, windowMs: 60_000, holdMs: 300_000 }
const key = (n: number): KeyText => keyText({ name: `s${n}`, protocol: 'http' })

interface Bench extends AsyncDisposable {
  readonly clock: ManualClock
  readonly budget: RemovalBudget
  /** How many second reads were asked for. */
  asked(): number
  /** A complete read came in. */
  read(): void
  readonly woken: readonly KeyText[]
  /** Asks for `count` services of `exported`, and says how many may go. */
  allowed(count: number, exported: number, from?: number): number
}

function bench(): Bench {
  const clock = new ManualClock()
  let reads = 1
  let asked = 0
  const request = (): void => void (asked += 1)
  const budget = new RemovalBudget(OPTIONS, clock, { counts: () => [reads], request })
  const abort = new AbortController()
  const woken: KeyText[] = []
  const done = budget.tend(abort.signal, (one) => woken.push(one))
  return {
    clock,
    budget,
    woken,
    asked: () => asked,
    read: () => void (reads += 1),
    allowed: (count, exported, from = 0) =>
      Array.from({ length: count }, (_, n) => budget.allow(key(from + n), exported, 'gone')).filter(
        Boolean,
      ).length,
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await done
    },
  }
}

describe('removal budget', () => {
  test.each([
    ['a single last one is held: nothing at all is left', 1, 1, 0],
    ['the last of two is held, though two may go', 2, 2, 1],
    ['so many go however few there are', 3, 3, 2],
    ['a share of many goes', 100, 100, 30],
    ['all of a few more are held', 4, 4, 2],
  ])('%s', async (_, count, exported, expected) => {
    await using it = bench()
    expect(it.allowed(count, exported)).toBe(expected)
    expect(it.budget.heldCount).toBe(count - expected)
  })

  test('a slow trickle is let through: the window moves', async () => {
    await using it = bench()
    for (let n = 0; n < 20; n += 1) {
      expect(it.budget.allow(key(n), 3, 'gone')).toBe(true)
      await it.clock.advance(OPTIONS.windowMs / 2 + 1)
    }
  })

  test('a second read that was asked for after the hold began confirms it', async () => {
    await using it = bench()
    it.allowed(10, 10)
    it.read() // was under way when the hold began
    expect(it.budget.allow(key(9), 10, 'gone')).toBe(false)
    await it.clock.advance(9_000)
    expect(it.asked()).toBe(0)
    await it.clock.advance(2_000)
    expect(it.asked()).toBe(1)
    expect(it.budget.allow(key(9), 10, 'gone')).toBe(false)
    it.read()
    await it.clock.advance(1_000)
    expect(it.woken).toContain(key(9))
    expect(it.budget.allow(key(9), 10, 'gone')).toBe(true)
    expect(it.asked()).toBe(1)
  })

  test('failure mode 15: one second read at a time: what is asked for again and again never ends', async () => {
    await using it = bench()
    it.allowed(2, 10)
    for (let n = 2; n < 40; n += 1) {
      it.budget.allow(key(n), 10, 'gone') // services go one after the other, each of them held
      await it.clock.advance(1_000)
    }
    expect(it.asked()).toBe(1)
    it.read()
    await it.clock.advance(1_000)
    expect(it.asked()).toBe(2)
    expect(it.woken).toContain(key(3))
    expect(it.woken).not.toContain(key(39))
    for (let n = 0; n < 3; n += 1) {
      it.read()
      await it.clock.advance(11_000)
    }
    expect(it.woken).toContain(key(39))
  })

  test('failure mode 15: what may go is told so once, however long it then waits for something else', async () => {
    await using it = bench()
    it.allowed(3, 3)
    await it.clock.advance(OPTIONS.holdMs + 60_000)
    expect(it.woken).toEqual([key(2)])
  })

  test('what is confirmed spends nothing of the budget of others', async () => {
    await using it = bench()
    it.allowed(10, 100) // within the share
    it.allowed(50, 100, 10)
    await it.clock.advance(11_000)
    it.read()
    expect(it.allowed(50, 100, 10)).toBe(50)
    await it.clock.advance(OPTIONS.windowMs)
    expect(it.allowed(1, 40, 200)).toBe(1)
  })

  test('a withdrawal that failed is tried again and spends nothing anew', async () => {
    await using it = bench()
    expect(it.allowed(2, 10)).toBe(2)
    for (let n = 0; n < 5; n += 1) expect(it.allowed(2, 10)).toBe(2)
  })

  test('what came back is not held, and starts anew', async () => {
    await using it = bench()
    it.allowed(3, 3)
    it.budget.forget(key(2))
    expect(it.budget.held()).toEqual([])
    await it.clock.advance(OPTIONS.holdMs)
    expect(it.woken).toEqual([])
  })

  test('what went after a hold, came back and vanishes again is held again', async () => {
    await using it = bench()
    it.allowed(10, 10)
    for (const one of it.budget.release(() => true))
      expect(it.budget.allow(one, 10, 'gone')).toBe(true)
    for (let n = 0; n < 10; n += 1) it.budget.forget(key(n)) // gone, and later back
    expect(it.allowed(10, 10)).toBe(0)
    expect(it.budget.heldCount).toBe(10)
  })

  test('goes after the longest hold even when the source is never read again', async () => {
    await using it = bench()
    it.allowed(3, 3)
    await it.clock.advance(OPTIONS.holdMs - 1_001)
    expect(it.budget.held()).toEqual([
      { key: key(2), forMs: OPTIONS.holdMs - 1_001, reason: 'gone' },
    ])
    expect(it.woken).toEqual([])
    await it.clock.advance(2_000)
    expect(it.woken).toContain(key(2))
    expect(it.budget.allow(key(2), 3, 'gone')).toBe(true)
  })

  test('an operator lets go what is held now, and nothing later', async () => {
    await using it = bench()
    it.allowed(4, 4)
    expect(it.budget.release(() => true)).toEqual([key(2), key(3)])
    expect(it.allowed(2, 4, 2)).toBe(2)
    expect(it.budget.allow(key(4), 4, 'gone')).toBe(false)
  })

  test('a plan asks without spending', async () => {
    await using it = bench()
    expect([0, 1, 2].map((before) => it.budget.wouldAllow(key(before), 4, before))).toEqual([
      true,
      true,
      false,
    ])
    expect(it.budget.heldCount).toBe(0)
    expect(it.allowed(2, 4)).toBe(2)
  })
})

test('what is held is confirmed by a second read of every registry, not of one twice', async () => {
  const clock = new ManualClock()
  const reads = [1, 4]
  const abort = new AbortController()
  const woken: KeyText[] = []
  const budget = new RemovalBudget({ ...OPTIONS, atLeast: 0 }, clock, {
    counts: () => [...reads],
    request: () => undefined,
  })
  const done = budget.tend(abort.signal, (one) => woken.push(one))
  expect(budget.allow(key(1), 1, 'gone')).toBe(false)
  await clock.advance(12_000)
  reads[1] = 6
  await clock.advance(2_000)
  expect(woken).toEqual([])
  reads[0] = 2
  await clock.advance(2_000)
  expect(woken).toContain(key(1))
  abort.abort()
  await done
})
