import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { choose, targetSet, type Target } from '../../../src/edge/balance.ts'
import type { Endpoint } from '../../../src/edge/endpoint.ts'

const NOW = 1_000_000
/** Just now, and so long ago that it is tried again. */
const COOL = NOW - 1
const WARM = NOW - 5_000
const NONE: ReadonlySet<Endpoint> = new Set()

function target(
  inFlight = 0,
  { weight = 100, failedMs = -Infinity, port = 1, former = false } = {},
): Target {
  return { weight, former, endpoint: { host: 'h', port, load: { inFlight, failedMs } } }
}

/** Gives these numbers again and again. */
function numbers(...values: readonly number[]): () => number {
  let index = 0
  return () => values[index++ % values.length] ?? 0
}

describe('choose', () => {
  test('takes the one of two with less under way', () => {
    const targets = [target(5), target(2), target(9)]
    expect(choose(targetSet(targets), NONE, NOW, numbers(0, 0.5))).toBe(targets[1]?.endpoint)
    expect(choose(targetSet(targets), NONE, NOW, numbers(0.9, 0))).toBe(targets[0]?.endpoint)
  })

  test('draws in proportion to the weights', () => {
    const targets = [target(0, { weight: 1 }), target(0, { weight: 3 })]
    const drawn = (share: number): Endpoint | undefined =>
      choose(targetSet(targets), NONE, NOW, numbers(share))
    expect(drawn(0)).toBe(targets[0]?.endpoint)
    expect(drawn(0.249)).toBe(targets[0]?.endpoint)
    expect(drawn(0.25)).toBe(targets[1]?.endpoint)
    expect(drawn(0.999)).toBe(targets[1]?.endpoint)
  })

  test.each([
    ['a cooling one is passed over while a warm one is there', [COOL, WARM], [], 1],
    ['one whose time is over is warm', [WARM, COOL], [], 0],
    ['when all cool, one of them it is', [COOL], [], 0],
    ['a cooling one rather than one tried before', [WARM, COOL], [0], 1],
    ['nothing when all were tried', [WARM, WARM], [0, 1], undefined],
    ['nothing of nothing', [], [], undefined],
  ])('%s', (_what, cooling, tried, expected) => {
    const targets = cooling.map((failedMs, port) => target(0, { failedMs, port }))
    const before = new Set(tried.flatMap((index) => targets[index]?.endpoint ?? []))
    for (const share of [0, 0.3, 0.6, 0.99]) {
      const chosen = choose(targetSet(targets), before, NOW, numbers(share))
      expect(chosen?.port).toBe(expected)
    }
  })

  test.each([
    ['a former one takes its share', [{}, { former: true }], [], 0.99, 1],
    ['one that refused is passed over', [{}, { former: true, failedMs: WARM }], [], 0.99, 0],
    [
      'a minute later it is tried again',
      [{}, { former: true, failedMs: NOW - 60_000 }],
      [],
      0.99,
      1,
    ],
    ['after a failure none is tried before what is known', [{}, { former: true }, {}], [0], 0.5, 2],
    ['one is tried when nothing else is left', [{}, { former: true }], [0], 0, 1],
  ])('former ones: %s', (_what, of, tried, share, expected) => {
    const targets = of.map((part, port) => target(0, { ...part, port }))
    const before = new Set(tried.flatMap((index) => targets[index]?.endpoint ?? []))
    expect(choose(targetSet(targets), before, NOW, numbers(share))?.port).toBe(expected)
  })

  test('law: never one that was tried, and one whenever one is untried', () => {
    const load = fc.record({
      inFlight: fc.nat(9),
      cool: fc.boolean(),
      tried: fc.boolean(),
      former: fc.boolean(),
      weight: fc.integer({ min: 1, max: 500 }),
    })
    fc.assert(
      fc.property(
        fc.array(load, { maxLength: 8 }),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }),
        (loads, shares) => {
          const targets = loads.map(({ inFlight, cool, former, weight }) =>
            target(inFlight, { weight, former, failedMs: cool ? COOL : WARM }),
          )
          const tried = new Set(
            targets.filter((_target, index) => loads[index]?.tried).map(({ endpoint }) => endpoint),
          )
          const chosen = choose(targetSet(targets), tried, NOW, numbers(...shares))
          expect(chosen === undefined).toBe(tried.size === targets.length)
          expect(chosen !== undefined && tried.has(chosen)).toBe(false)
        },
      ),
    )
  })

  test('keeps a slow endpoint from taking its full share', () => {
    const targets = [target(), target(), target(), target(50)]
    const counts = new Map<Endpoint, number>()
    for (let round = 0; round < 2_000; round += 1) {
      const chosen = choose(targetSet(targets), NONE, NOW, Math.random)
      if (chosen) counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
    }
    const slow = targets[3]
    expect(slow && (counts.get(slow.endpoint) ?? 0)).toBeLessThan(250) // 1 in 16, not 1 in 4
  })
})
