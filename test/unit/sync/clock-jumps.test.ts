import { describe, expect, test } from '@jest/globals'
import { BoundedTraceMemory } from '../../../src/edge/bounded-trace-memory.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { keyText, type KeyText } from '../../../src/registry/model.ts'
import { RemovalBudget } from '../../../src/sync/budget.ts'
import { FullReads } from '../../../src/sync/full-reads.ts'
import { Identity } from '../../../src/sync/identity.ts'
import { Mirror } from '../../../src/sync/mirror.ts'
import { Orders } from '../../../src/sync/orders.ts'
import { KeyQueue } from '../../../src/sync/queue.ts'
import { parseContextSpanId, parseContextTraceId } from '../../../trace-converter/context/ids.ts'
import type { TraceContext } from '../../../trace-converter/context/model.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

/** A wall clock that jumps, beside a monotonic one that cannot. */
class JumpingClock implements Clock {
  readonly #steady = new ManualClock()
  #aheadMs = 0

  jump(ms: number): void {
    this.#aheadMs += ms
  }

  nowMs(): number {
    return this.#steady.nowMs() + this.#aheadMs
  }

  monotonicMs(): number {
    return this.#steady.monotonicMs()
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return this.#steady.sleep(durationMs, signal)
  }

  async pass(ms: number): Promise<void> {
    await this.#steady.advance(ms)
  }
}

interface Case {
  readonly clock: JumpingClock
  readonly jump: () => void
  readonly signal: AbortSignal
}

const key = (n: number): KeyText => keyText({ name: `s${n}`, protocol: 'http' })

/** A queue at work, and the keys that it ran, in order. */
function queueAt(clock: Clock, signal: AbortSignal, fails = false): [KeyQueue<KeyText>, KeyText[]] {
  const ran: KeyText[] = []
  const queue = new KeyQueue<KeyText>({
    ...{ quietPeriodMs: 1_000, maxDelayMs: 3_000, parallelism: 4, clock },
    backoff: { firstMs: 1_000, longestMs: 1_000 },
    onFailure: () => undefined,
  })
  const work = (one: KeyText): Promise<void> => {
    ran.push(one)
    return fails ? Promise.reject(new Error('not now')) : Promise.resolve()
  }
  void queue.run(work, signal)
  return [queue, ran]
}

function budgetAt(clock: Clock, signal: AbortSignal): [RemovalBudget, string[]] {
  const reads = { counts: () => [1], request: () => undefined }
  const options = { share: 0, atLeast: 2, windowMs: 60_000, holdMs: 300_000 }
  const budget = new RemovalBudget(options, clock, reads)
  const woken: string[] = []
  void budget.tend(signal, (one) => woken.push(one))
  return [budget, woken]
}

function toldContext(): TraceContext {
  const traceId = parseContextTraceId('4bf92f3577b34da6a3ce929d0e0e4736')
  const spanId = parseContextSpanId('1')
  if (!traceId || !spanId) throw new TypeError('not an id')
  return {
    ...{ traceId, traceIdWidth: 128, spanId, parent: 'unknown', sampling: 'accept' },
    ...{ firehose: false, tracestate: [{ key: 'a', value: 'b' }], baggage: [], vendor: {} },
    source: 'w3c',
  }
}

const HOLDS: readonly (readonly [string, (parts: Case) => Promise<void>])[] = [
  [
    'window and hold of the removal budget stay as they are',
    async ({ clock, jump, signal }) => {
      const [budget, woken] = budgetAt(clock, signal)
      const went = [0, 1, 2, 3].map((n) => budget.allow(key(n), 10, 'gone'))
      expect(went).toEqual([true, true, false, false])
      await clock.pass(30_000)
      jump()
      await clock.pass(15_000)
      expect([budget.heldCount, woken]).toEqual([2, []])
      expect(budget.allow(key(4), 10, 'gone')).toBe(false)
      await clock.pass(300_000)
      expect(woken).toEqual(expect.arrayContaining([key(2), key(3)]))
    },
  ],
  [
    'what an operator releases goes at once',
    async ({ clock, jump, signal }) => {
      const [budget] = budgetAt(clock, signal)
      for (const n of [0, 1, 2]) budget.allow(key(n), 10, 'gone')
      await clock.pass(1_000)
      jump()
      expect(budget.release((one) => one === key(2))).toEqual([key(2)])
      expect(budget.allow(key(2), 10, 'gone')).toBe(true)
    },
  ],
  [
    'changes of a burst wait for the quiet period, no more and no less',
    async ({ clock, jump, signal }) => {
      const [queue, ran] = queueAt(clock, signal)
      queue.add(key(1))
      await clock.pass(10)
      queue.add(key(1))
      jump()
      await clock.pass(900)
      expect(ran).toHaveLength(1)
      await clock.pass(200)
      expect(ran).toHaveLength(2)
    },
  ],
  [
    'a change is held up by others for its longest delay, no more and no less',
    async ({ clock, jump, signal }) => {
      const [queue, ran] = queueAt(clock, signal)
      queue.add(key(1))
      await clock.pass(10)
      for (let waitedMs = 0; waitedMs < 2_800; waitedMs += 400) {
        queue.add(key(1))
        await clock.pass(400)
        if (waitedMs === 800) jump()
      }
      expect(ran).toHaveLength(1)
      await clock.pass(400)
      expect(ran).toHaveLength(2)
    },
  ],
  [
    'a write that failed is tried again after its pause',
    async ({ clock, jump, signal }) => {
      const [queue, ran] = queueAt(clock, signal, true)
      queue.add(key(1))
      await clock.pass(10)
      jump()
      await clock.pass(400)
      expect(ran).toHaveLength(1)
      await clock.pass(1_000)
      expect(ran.length).toBeGreaterThan(1)
    },
  ],
  [
    'an identity that is taken is claimed again after its pause, and then held',
    async ({ clock, jump, signal }) => {
      let claims = 0
      const presence = {
        claim: () => {
          claims += 1
          const error = new IsthmusError('REGISTRY_UNAVAILABLE', 'not now', { retry: true })
          return claims === 1 ? Promise.reject(error) : Promise.resolve()
        },
        keep: () => new Promise<void>((end) => signal.addEventListener('abort', () => end())),
        show: () => Promise.resolve(),
        hide: () => Promise.resolve(),
      }
      const deps = { log: silentLog, clock, onChange: () => undefined }
      const identity = new Identity({ name: 'zk', presence }, deps)
      void identity.run(signal)
      await clock.pass(10)
      jump()
      await clock.pass(4_000)
      expect([claims, identity.isHeld]).toEqual([1, false])
      await clock.pass(2_000)
      expect([claims, identity.isHeld]).toEqual([2, true])
      jump()
      await clock.pass(60_000)
      expect([claims, identity.isHeld]).toEqual([2, true])
    },
  ],
  [
    'orders of an operator stand, in their order, until they are lifted',
    ({ clock, jump }) => {
      const orders = new Orders(clock)
      orders.give('pause', { service: 'a' })
      jump()
      orders.give('drain', { service: 'b' })
      orders.give('pause', { service: 'a' })
      expect(orders.all.map(({ kind }) => kind)).toEqual(['pause', 'drain'])
      expect(orders.lift({}).map(({ kind }) => kind)).toEqual(['pause', 'drain'])
      expect(orders.all).toEqual([])
      return Promise.resolve()
    },
  ],
  [
    'what is remembered of a trace is as old as it is',
    async ({ clock, jump }) => {
      const meters = { recalled: () => undefined, evicted: () => undefined, held: () => undefined }
      const limits = { maxEntries: 10, maxBytes: 100_000, maxAgeMs: 60_000 }
      const memory = new BoundedTraceMemory(limits, clock, meters)
      memory.remember('legacy', toldContext())
      jump()
      await clock.pass(50_000)
      expect(memory.recall('legacy', toldContext())).toMatchObject({ tracestate: [{ key: 'a' }] })
      await clock.pass(20_000)
      expect(memory.recall('legacy', toldContext())).toBeUndefined()
    },
  ],
  [
    'registries are read completely at the same pace',
    async ({ clock, jump, signal }) => {
      let asked = 0
      const sources = [{ reads: () => asked + 1, resync: () => void (asked += 1) }]
      const reads = new FullReads({ sources, clock, everyMs: 600_000, random: () => 0.5 })
      void reads.run(signal)
      await clock.pass(300_000)
      jump()
      await clock.pass(200_000)
      expect(asked).toBe(0)
      await clock.pass(200_000)
      expect(asked).toBe(1)
    },
  ],
  [
    'the last complete read is as long ago as it is',
    async ({ clock, jump }) => {
      const mirror = new Mirror('zk', silentLog, clock)
      mirror.apply({ kind: 'snapshot', records: [], unknownNames: [] })
      await clock.pass(5_000)
      jump()
      expect(mirror.lastRead?.ageMs).toBe(5_000)
    },
  ],
]

describe.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
])('fault: the wall clock jumps %s', (_way, jumpMs) => {
  test.each(HOLDS)('%s', async (_what, holds) => {
    const clock = new JumpingClock()
    const stop = new AbortController()
    try {
      await holds({ clock, jump: () => clock.jump(jumpMs), signal: stop.signal })
    } finally {
      stop.abort()
    }
  })
})
