import { expect, test } from '@jest/globals'
import type { Clock } from '../../../src/kernel/clock.ts'
import { keyText } from '../../../src/registry/model.ts'
import { RemovalBudget } from '../../../src/sync/budget.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

const OPTIONS = { share: 0, atLeast: 2, windowMs: 60_000, holdMs: 300_000 }
const key = (n: number) => keyText({ name: `s${n}`, protocol: 'http' })

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
])(
  'fault: the wall clock jumps %s: window and hold of the removal budget stay as they are',
  async (_way, jumpMs) => {
    const steady = new ManualClock()
    let jumpedMs = 0
    const clock: Clock = {
      nowMs: () => steady.nowMs() + jumpedMs,
      monotonicMs: () => steady.monotonicMs(),
      sleep: (durationMs, signal) => steady.sleep(durationMs, signal),
    }
    const reads = { counts: () => [1], request: () => undefined }
    const budget = new RemovalBudget(OPTIONS, clock, reads)
    const abort = new AbortController()
    const woken: string[] = []
    const done = budget.tend(abort.signal, (one) => woken.push(one))
    const all = [0, 1, 2, 3].map(key)
    expect(all.map((one) => budget.allow(one, 10, 'gone'))).toEqual([true, true, false, false])
    await steady.advance(OPTIONS.windowMs / 2)

    jumpedMs = jumpMs
    await steady.advance(OPTIONS.windowMs / 4)
    expect([budget.heldCount, woken]).toEqual([2, []])
    expect(budget.allow(key(4), 10, 'gone')).toBe(false)

    await steady.advance(OPTIONS.holdMs)
    expect(woken).toEqual(expect.arrayContaining(all.slice(2)))
    abort.abort()
    await done
  },
)
