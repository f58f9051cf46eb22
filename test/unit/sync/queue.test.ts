import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { systemClock } from '../../../src/kernel/clock.ts'
import { errorCode, IsthmusError } from '../../../src/kernel/errors.ts'
import { KeyQueue } from '../../../src/sync/queue.ts'
import type { QueueOptions } from '../../../src/sync/queue.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'
import { turns } from '../../support/sync/observed-backend.ts'

const OPTIONS = {
  quietPeriodMs: 50,
  maxDelayMs: 200,
  parallelism: 4,
  backoff: { firstMs: 100, longestMs: 1_000 },
  onFailure: () => undefined,
} satisfies Omit<QueueOptions, 'clock'>

interface Running extends AsyncDisposable {
  readonly clock: ManualClock
  readonly queue: KeyQueue<string>
  readonly runs: readonly string[]
}

/** A queue on a clock that stands still until it is told; `work` decides how a run ends. */
function running(
  options: Partial<QueueOptions> = {},
  work: (key: string) => Promise<void> = () => Promise.resolve(),
): Running {
  const clock = new ManualClock()
  const queue = new KeyQueue<string>({ ...OPTIONS, clock, ...options })
  const abort = new AbortController()
  const runs: string[] = []
  const done = queue.run(async (key) => {
    runs.push(`${clock.monotonicMs()} ${key}`)
    await work(key)
  }, abort.signal)
  return {
    clock,
    queue,
    runs,
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await done
    },
  }
}

describe('queue', () => {
  test('the first change goes at once, the rest of the burst when it is quiet', async () => {
    await using it = running()
    for (let ms = 0; ms < 100; ms += 10) {
      it.queue.add('a')
      await it.clock.advance(10)
    }
    expect(it.runs).toEqual(['0 a'])
    await it.clock.advance(100)
    expect(it.runs).toEqual(['0 a', '140 a'])
  })

  test('a burst that never ends waits no longer than the longest delay', async () => {
    await using it = running()
    for (let ms = 0; ms < 1_000; ms += 10) {
      it.queue.add('a')
      await it.clock.advance(10)
    }
    const times = it.runs.map((run) => Number(run.split(' ')[0]))
    const gaps = times.slice(1).map((ms, n) => ms - (times[n] ?? 0))
    expect(times.length).toBeGreaterThan(3)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(OPTIONS.maxDelayMs + 20)
  })

  test('after a quiet period a change goes at once again', async () => {
    await using it = running()
    it.queue.add('a')
    await it.clock.advance(60)
    it.queue.add('a')
    await it.clock.advance(0)
    expect(it.runs).toEqual(['0 a', '60 a'])
  })

  test('a failed run comes again after growing pauses, which more changes do not shorten', async () => {
    const failures: number[] = []
    const fails = (): Promise<void> =>
      Promise.reject(new IsthmusError('REGISTRY_UNAVAILABLE', 'no', { retry: true }))
    await using it = running({ onFailure: (_, __, count) => failures.push(count) }, fails)
    it.queue.add('a')
    for (let ms = 0; ms < 3_000; ms += 5) {
      it.queue.add('a')
      await it.clock.advance(5)
    }
    const times = it.runs.map((run) => Number(run.split(' ')[0]))
    const gaps = times.slice(1).map((ms, n) => ms - (times[n] ?? 0))
    gaps.forEach((gap, n) => {
      const wholeMs = Math.min(1_000, 100 * 2 ** n)
      expect(gap).toBeGreaterThanOrEqual(wholeMs / 2)
      expect(gap).toBeLessThanOrEqual(wholeMs + 10)
    })
    expect(failures).toEqual(times.map((_, n) => n + 1))
    expect(it.queue.depth.failing).toBe(1)
  })

  test('what time does not heal is tried seldom', async () => {
    const fails = (): Promise<void> => Promise.reject(new IsthmusError('REGISTRY_CONFLICT', 'no'))
    await using it = running({}, fails)
    it.queue.add('a')
    await it.clock.advance(999)
    expect(it.runs).toEqual(['0 a'])
    await it.clock.advance(2)
    expect(it.runs).toEqual(['0 a', '1000 a'])
  })

  test('what a run waited for is no part of a burst', async () => {
    await using it = running()
    it.queue.add('a')
    await it.clock.advance(5)
    it.queue.add('a')
    it.queue.wake('a')
    await it.clock.advance(0)
    it.queue.add('a')
    await it.clock.advance(100)
    expect(it.runs).toEqual(['0 a', '5 a', '55 a'])
  })

  test('… but a pause after a failure is not ended by it', async () => {
    const fails = (): Promise<void> => Promise.reject(new IsthmusError('REGISTRY_CONFLICT', 'no'))
    await using it = running({}, fails)
    it.queue.add('a')
    await it.clock.advance(5)
    it.queue.wake('a')
    await it.clock.advance(5)
    expect(it.runs).toEqual(['0 a'])
  })

  test('forgiving ends the pauses after failures that are healed, and no others', async () => {
    let healthy = false
    const work = (key: string): Promise<void> => {
      const code = key === 'a' ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_CONFLICT'
      return healthy ? Promise.resolve() : Promise.reject(new IsthmusError(code, 'no'))
    }
    await using it = running({}, work)
    it.queue.add('a')
    it.queue.add('b')
    await it.clock.advance(5)
    healthy = true
    it.queue.forgive((error) => errorCode(error) === 'REGISTRY_UNAVAILABLE')
    await it.clock.advance(0)
    expect(it.runs).toEqual(['0 a', '0 b', '5 a'])
    expect(it.queue.depth).toEqual({ waiting: 1, working: 0, failing: 1 })
  })

  test('never more runs than allowed, and all keys get theirs', async () => {
    let atOnce = 0
    let most = 0
    await using it = running({}, async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await turns(3)
      atOnce -= 1
    })
    for (let n = 0; n < 50; n += 1) it.queue.add(`key ${n}`)
    await eventually('all ran', () => it.runs.length === 50)
    expect(most).toBe(OPTIONS.parallelism)
  })

  test('aborting waits for the run under way and begins no other', async () => {
    const abort = new AbortController()
    const queue = new KeyQueue<string>({ ...OPTIONS, parallelism: 1, clock: systemClock })
    const ended: string[] = []
    const done = queue.run(async (key) => {
      await turns(3)
      ended.push(key)
    }, abort.signal)
    queue.add('a')
    queue.add('b')
    await nextTurn()
    abort.abort()
    await done
    expect(ended).toEqual(['a'])
  })

  test('law: a key never has two runs at once, and a run begins after the last change of it', async () => {
    const action = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      pause: fc.nat(4),
      fails: fc.nat(3),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (script) => {
        const abort = new AbortController()
        const queue = new KeyQueue<string>({
          ...OPTIONS,
          quietPeriodMs: 1,
          maxDelayMs: 3,
          parallelism: 2,
          backoff: { firstMs: 1, longestMs: 2 },
          clock: systemClock,
        })
        const value = new Map<string, number>()
        const seen = new Map<string, number>()
        const working = new Set<string>()
        const twice: string[] = []
        let failing = 0
        const done = queue.run(async (key) => {
          if (working.has(key)) twice.push(key)
          working.add(key)
          const read = value.get(key) ?? 0 // what a reconcile reads at its start
          await turns(2)
          working.delete(key)
          if (failing-- > 0) throw new IsthmusError('REGISTRY_UNAVAILABLE', 'no', { retry: true })
          seen.set(key, read)
        }, abort.signal)
        for (const { key, pause, fails } of script) {
          value.set(key, (value.get(key) ?? 0) + 1)
          failing = Math.max(failing, fails - 2)
          queue.add(key)
          await turns(pause)
        }
        const all = (): boolean => [...value].every(([key, last]) => seen.get(key) === last)
        await eventually('every last change was seen', all, 2_000)
        abort.abort()
        await done
        expect(twice).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
